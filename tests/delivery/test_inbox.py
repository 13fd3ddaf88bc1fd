"""Mail that comes back: answers, machines' answers, bounces, complaints, unsubscribing; by pipe and by webhook."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from apps.delivery import incoming, links
from apps.delivery.models import Delivery, DeliveryEvent, Suppression
from apps.delivery.signals import delivery_answered
from apps.delivery.sources import Claimed
from tests.delivery import calls, mails, worlds
from tests.delivery.mails import ADDRESS, answer, bounce, complaint
from tests.delivery.test_feedback import accepted, kinds, stored

pytestmark = pytest.mark.django_db
Receive = Callable[..., str]


@pytest.fixture
def receive(monkeypatch: pytest.MonkeyPatch) -> Receive:
    """Hand a mail to the command as a mail server would; returns what it printed."""

    def hand(data: bytes, *arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        out = io.StringIO()
        call_command("receive_mail", *arguments, stdout=out)
        return out.getvalue().strip()

    return hand


@pytest.fixture
def answered() -> Any:
    """The deliveries that were announced as answered."""
    told: list[int] = []

    def note(delivery: Delivery, **_: Any) -> None:
        told.append(delivery.pk)

    delivery_answered.connect(note)
    yield told
    delivery_answered.disconnect(note)


@pytest.fixture
def row() -> Claimed:
    return accepted("p-77@mail.provider.example")


# Answers --------------------------------------------------------------------------------------------


def test_an_answer_is_found_and_told_once(receive: Receive, row: Claimed, answered: list[int]) -> None:
    data = answer(In_Reply_To=row.message_id)
    assert receive(data) == "recorded"
    assert receive(data) == "repeated"
    assert receive(answer(In_Reply_To=row.message_id, Message_ID="<answer-2@x.example>")) == "recorded"
    assert kinds(row) == ["accepted", "replied", "replied"]
    assert answered == [row.id]
    event = DeliveryEvent.objects.filter(kind="replied").first()
    assert event is not None and event.detail == "Subject: Re: News"


@pytest.mark.parametrize(
    "headers",
    [
        {"References": "<other@x.example> {own}"},
        {"References": "{own} <later@x.example>", "In_Reply_To": "<later@x.example>"},
        {"In_Reply_To": "<p-77@mail.provider.example>"},
        {"In_Reply_To": "{own}", "sender": "somebody.else@elsewhere.example"},
        {},
        {"to": "Kai <CSM@example.com>, x@example.org"},
    ],
)
def test_it_is_found_by_what_it_answers_or_by_its_sender(
    receive: Receive, row: Claimed, headers: dict[str, str]
) -> None:
    given = {name: value.format(own=row.message_id) for name, value in headers.items()}
    assert receive(answer(**given)) == "recorded"
    assert kinds(row) == ["accepted", "replied"]


@pytest.mark.parametrize(
    "given",
    [
        {"sender": "stranger@example.org"},
        {"to": "somebody@example.org"},
        {
            "to": "somebody@example.org",
            "In_Reply_To": "<x@y.example> <contact.1.1.0123456789abcdef@z.example>",
        },
    ],
)
def test_other_mail_is_nobodys_answer(receive: Receive, row: Claimed, given: dict[str, str]) -> None:
    assert receive(answer(**given)) == "unknown"
    assert kinds(row) == ["accepted"]


def test_what_names_no_message_is_an_answer_for_a_month_only(
    receive: Receive, row: Claimed, settings: Any
) -> None:
    settings.DELIVERY_REPLY_DAYS = 0
    assert receive(answer()) == "unknown"


def test_a_manager_who_writes_on_is_no_customer_who_answers(
    receive: Receive, row: Claimed, answered: list[int]
) -> None:
    worlds.person()
    own = worlds.person().email
    assert receive(answer(sender=own, In_Reply_To=row.message_id)) == "ignored"
    assert not answered


@pytest.mark.parametrize(
    ("headers", "arguments"),
    [
        ({"Auto_Submitted": "auto-replied"}, ()),
        ({"Auto_Submitted": "Auto-Generated; owner-email=x"}, ()),
        ({"X_Autoreply": "yes"}, ()),
        ({"X_Autorespond": "1"}, ()),
        ({"Precedence": "bulk"}, ()),
        ({"Precedence": "auto_reply"}, ()),
        ({"Return_Path": "<>"}, ()),
        ({}, ("--sender=",)),
    ],
)
def test_what_a_machine_answers_stops_nothing(
    receive: Receive, row: Claimed, answered: list[int], headers: dict[str, str], arguments: tuple[str, ...]
) -> None:
    assert receive(answer(In_Reply_To=row.message_id, **headers), *arguments) == "recorded"
    assert kinds(row) == ["accepted", "autoreplied"]
    assert not answered


def test_a_person_whose_program_says_no_machine(receive: Receive, row: Claimed, answered: list[int]) -> None:
    receive(answer(In_Reply_To=row.message_id, Auto_Submitted="no"), f"--sender={ADDRESS}")
    assert answered == [row.id]


def test_an_answer_proves_that_it_went_out(receive: Receive, row: Claimed) -> None:
    Delivery.objects.filter(pk=row.id).update(state="uncertain", settled_at=None)
    receive(answer(In_Reply_To=row.message_id))
    assert stored(row).state == "accepted"


@pytest.mark.parametrize(
    "subject",
    [
        b"Hello\r\n Bcc: thief@example.com",
        b"=?utf-8?q?Hello=0D=0ABcc:_thief@example.com=00?=",
        b"=?utf-8?b?SGVsbG8NCkJjYzogdGhpZWZAZXhhbXBsZS5jb20=?=",
        b"=?no-such-charset?q?Hello?=",
        b"\xff\xfe\x00Hello",
        b"Hello " * 500,
    ],
)
def test_a_subject_stays_one_short_line(receive: Receive, row: Claimed, subject: bytes) -> None:
    data = answer(In_Reply_To=row.message_id).replace(b"Re: News", subject)
    assert receive(data) == "recorded"
    detail = DeliveryEvent.objects.get(kind="replied").detail
    assert detail.isprintable() and len(detail) <= 220
    assert DeliveryEvent.objects.count() == 2


# Bounces and complaints -----------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [True, False])
def test_a_bounce_mail_stops_mail_to_the_address(receive: Receive, row: Claimed, whole: bool) -> None:
    assert receive(bounce(row.message_id, whole=whole), "--sender=") == "recorded"
    assert receive(bounce(row.message_id, whole=whole)) == "repeated"
    assert kinds(row) == ["accepted", "bounced"]
    assert (Suppression.objects.get().value, Suppression.objects.get().reason) == (ADDRESS, "bounce")
    assert "550 5.1.1" in DeliveryEvent.objects.get(kind="bounced").detail


@pytest.mark.parametrize(
    ("given", "kind", "suppressed"),
    [
        ({"status": "4.4.7", "diagnostic": "x; expired"}, "bounced", False),
        ({"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 full"}, "bounced", False),
        ({"status": "4.4.1", "action": "delayed"}, "delayed", False),
        ({"status": "2.1.5", "action": "delivered"}, "delivered", False),
        ({"address": "forward@elsewhere.example"}, "bounced", False),
        ({"address": "forward@elsewhere.example", "original": ADDRESS}, "bounced", True),
    ],
)
def test_other_notifications_say_what_they_say(
    receive: Receive, row: Claimed, given: dict[str, str], kind: str, suppressed: bool
) -> None:
    assert receive(bounce(row.message_id, **given)) == "recorded"  # type: ignore[arg-type]
    assert kinds(row) == sorted(["accepted", kind])
    assert Suppression.objects.exists() is suppressed


@pytest.mark.parametrize("message_id", ["<x@y.example>", "", "<contact.1.1.0123456789abcdef@example.com>"])
def test_a_bounce_that_does_not_return_our_message_is_not_believed(
    receive: Receive, row: Claimed, message_id: str
) -> None:
    assert receive(bounce(message_id)) == "unknown"
    assert kinds(row) == ["accepted"]
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("kind", "found", "reason"),
    [
        ("abuse", "complained", "complaint"),
        ("fraud", "complained", "complaint"),
        ("opt-out", "unsubscribed", "unsubscribe"),
        ("not-spam", None, None),
    ],
)
def test_a_complaint_stops_all_mail(
    receive: Receive, row: Claimed, kind: str, found: str | None, reason: str | None
) -> None:
    assert receive(complaint(row.message_id, kind)) == ("recorded" if found else "ignored")
    assert kinds(row) == sorted(["accepted", *([found] if found else [])])
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([reason] if reason else [])


def test_a_receipt_that_it_was_read_is_nothing(receive: Receive, row: Claimed) -> None:
    data = bounce(row.message_id).replace(b"delivery-status", b"disposition-notification")
    assert receive(data) == "ignored"


# Unsubscribing --------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(settings: Any) -> str:
    settings.DELIVERY_UNSUBSCRIBE_MAILBOX = "Unsubscribe@portal.example"
    return "unsubscribe@portal.example"


def test_the_mailto_of_list_unsubscribe_works(receive: Receive, row: Claimed, mailbox: str) -> None:
    """As a mail program fills in the address that the header offers."""
    from urllib.parse import parse_qs, urlsplit

    offered = links.unsubscribe_headers(row.id)["List-Unsubscribe"].split("<mailto:")[1].rstrip(">")
    subject = parse_qs(urlsplit(f"mailto:{offered}").query)["subject"][0]
    data = answer(to=mailbox, Subject=subject, Auto_Submitted="auto-generated")
    for _ in range(2):
        assert receive(data) == "recorded"
    assert (Suppression.objects.get().value, Suppression.objects.get().topic) == (ADDRESS, "product-news")
    assert kinds(row) == ["accepted", "unsubscribed"]


def test_only_with_a_token_of_ours_and_only_there(receive: Receive, row: Claimed, mailbox: str) -> None:
    token = links.token_for(row.id)
    for to, subject in (
        (mailbox, f"unsubscribe {row.id + 1}.{token.partition('.')[2]}"),
        (mailbox, "unsubscribe"),
        ("csm@example.com", f"unsubscribe {token}"),
        (mailbox, f"Re: unsubscribe {token} please"),
    ):
        receive(answer(to=to, Subject=subject, sender="x@example.org"))
    assert not Suppression.objects.exists()
    assert receive(
        answer(to="hidden@example.org", Subject=f"Unsubscribe  {token}"), f"--recipient={mailbox}"
    ) == ("recorded")
    assert Suppression.objects.exists()


# The pipe -------------------------------------------------------------------------------------------


def test_a_mailbox_line_in_front_is_skipped(receive: Receive, row: Claimed) -> None:
    data = b"From user1@d1.example.com Mon Jan  1 00:00:00 2031\n" + answer(In_Reply_To=row.message_id)
    assert receive(data) == "recorded"


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_no_mail_is_an_error(receive: Receive, data: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        receive(data)
    assert caught.value.returncode == 65


def test_a_mail_that_is_too_large_is_refused(receive: Receive, row: Claimed, settings: Any) -> None:
    settings.DELIVERY_INBOUND_BYTES = 1000
    with pytest.raises(CommandError, match="larger than 1000") as caught:
        receive(answer(In_Reply_To=row.message_id) + b"x" * 1000)
    assert caught.value.returncode == 65
    assert kinds(row) == ["accepted"]


def test_the_mail_server_comes_again_while_the_database_is_away(
    receive: Receive, row: Claimed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.delivery.services import inbox

    def away(**_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(inbox, "receive", away)
    with pytest.raises(CommandError) as caught:
        receive(answer(In_Reply_To=row.message_id))
    assert caught.value.returncode == 75


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x00\x01 no mail at all",
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno parts",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\n\n--b--",
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n"
        b"Content-Type: message/feedback-report\n\n\x00\n--b--",
        b"From: <<>>\nTo: @@\nSubject: =?x\nReferences: <<<>>>\n\nx",
        b"From: a@example.com\n" + b"Content-Type: message/rfc822\n\n" * 3000,
        b"References: " + b"<x@y.example>" * 20000 + b"\nFrom: a@example.com\n\n",
    ],
)
def test_whatever_comes_is_answered_for(receive: Receive, data: bytes) -> None:
    outcome: int | str
    try:
        outcome = receive(data)
    except CommandError as error:
        outcome = error.returncode
    assert outcome in ("unknown", "ignored", 65)
    assert not DeliveryEvent.objects.exists()


def test_the_end_of_a_long_thread_is_the_nearest() -> None:
    message = incoming.read(
        b"References: " + b"\n ".join(b"<%d@y.example>" % n for n in range(3000)) + b"\n\n"
    )
    assert incoming.references(message)[0] == "<2999@y.example>"


# The webhook ----------------------------------------------------------------------------------------


@pytest.fixture
def posted(settings: Any) -> Callable[..., int]:
    settings.ROOT_URLCONF = "tests.delivery.testapp.urls"
    settings.ANYMAIL = calls.ANYMAIL

    def post(data: bytes, *, password: str = calls.AUTHORIZATION) -> int:
        body = {"FromFull": {"Email": ADDRESS}, "MessageID": "i-1", "RawEmail": data.decode(), "Headers": []}
        return Client(enforce_csrf_checks=True).post(
            "/anymail/postmark/inbound/", json.dumps(body).encode(), content_type="application/json",
            headers={"Authorization": password},
        ).status_code  # fmt: skip

    return post


def test_the_webhook_and_the_pipe_are_one(
    receive: Receive, posted: Callable[..., int], row: Claimed, answered: list[int]
) -> None:
    data = answer(In_Reply_To=row.message_id)
    assert posted(data) == 200
    assert posted(data) == 200
    assert receive(data) == "repeated"
    assert kinds(row) == ["accepted", "replied"]
    assert answered == [row.id]


def test_a_bounce_by_webhook(posted: Callable[..., int], row: Claimed) -> None:
    assert posted(bounce(row.message_id)) == 200
    assert Suppression.objects.get().reason == "bounce"


def test_a_mail_with_a_large_attachment_is_taken(
    posted: Callable[..., int], row: Claimed, settings: Any
) -> None:
    """Larger than what any page of the portal takes."""
    data = answer(In_Reply_To=row.message_id)
    large = data + b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1000)
    assert posted(large, password="Basic wrong") == 400
    assert posted(large) == 200
    assert kinds(row) == ["accepted", "replied"]
    settings.DELIVERY_INBOUND_BYTES = 1000
    assert posted(large) == 413


def test_helpers_write_what_they_say() -> None:
    message = incoming.read(mails.bounce("<a@b.example>"))
    assert [status.status for status in incoming.statuses(message)] == ["5.1.1"]
    assert incoming.original_message_id(message) == "<a@b.example>"
