"""Providers' calls, as they come in over HTTP: verified, bounded, and understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.delivery.models import Delivery, DeliveryEvent, Suppression, WaitingReport
from apps.delivery.reports import copy_of
from apps.delivery.sources import Claimed
from tests.delivery import calls
from tests.delivery.calls import BOUNCE, mailgun, signed
from tests.delivery.mails import answer
from tests.delivery.test_feedback import ADDRESS, accepted, attempting, kinds, stored

pytestmark = pytest.mark.django_db
MAILGUN, POSTMARK = "/anymail/mailgun/tracking/", "/anymail/postmark/tracking/"
Post = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.delivery.testapp.urls"
    settings.ANYMAIL = {**calls.ANYMAIL, "WEBHOOK_SECRET": []}


@pytest.fixture
def post() -> Post:
    browser = Client(enforce_csrf_checks=True)

    def send(body: bytes, path: str = MAILGUN, **headers: Any) -> Any:
        return browser.post(path, body, content_type="application/json", headers=headers)

    return send


def test_a_bounce_is_recorded_and_stops_mail_to_the_address(post: Post) -> None:
    row = accepted()
    data = mailgun("failed", row=row, **BOUNCE)
    assert post(signed(data)).status_code == 200
    assert post(signed(data)).status_code == 200, "signed anew, as a repetition is"
    event = DeliveryEvent.objects.get(kind="bounced")
    assert "5.1.1" in event.detail
    assert event.at.year == 2030
    assert (Suppression.objects.get().value, Suppression.objects.get().reason) == (ADDRESS, "bounce")


@pytest.mark.parametrize(
    ("event", "more", "kind", "reason"),
    [
        ("complained", {}, "complained", "complaint"),
        ("unsubscribed", {}, "unsubscribed", "unsubscribe"),
        ("delivered", {}, "delivered", None),
        ("opened", {}, "opened", None),
        ("clicked", {"url": "https://example.com/a"}, "clicked", None),
        ("failed", {"severity": "temporary", "reason": "generic"}, "delayed", None),
        ("failed", {**BOUNCE, "delivery-status": {"message": "552 5.2.2 mailbox full"}}, "bounced", None),
        ("failed", {**BOUNCE, "delivery-status": {"message": "550 5.7.1 looks like spam"}}, "bounced", None),
        ("failed", {"severity": "permanent", "reason": "suppress-bounce"}, "bounced", "bounce"),
    ],
)
def test_each_kind_means_what_it_should(
    post: Post, event: str, more: dict[str, Any], kind: str, reason: str | None
) -> None:
    row = accepted()
    assert post(signed(mailgun(event, row=row, **more))).status_code == 200
    assert kinds(row) == sorted(["accepted", kind])
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([reason] if reason else [])


def test_what_anymail_knows_and_we_do_not_is_taken_and_changes_nothing(post: Post) -> None:
    row = accepted()
    assert post(signed(mailgun("stored", row=row))).status_code == 200
    assert kinds(row) == ["accepted"]


@pytest.mark.parametrize(
    "body",
    [
        lambda data: signed(data, key="guessed"),
        lambda data: json.dumps({"event-data": data}).encode(),
        lambda data: json.dumps({"signature": {"token": "t", "timestamp": "ä", "signature": 1}}).encode(),
        lambda data: b"[1]",
        lambda data: b"\xff{",
        lambda data: b"",
    ],
)
def test_what_is_forged_is_refused(post: Post, body: Callable[[Any], bytes]) -> None:
    row = accepted()
    assert post(body(mailgun("complained", row=row))).status_code == 400
    assert kinds(row) == ["accepted"]
    assert not Suppression.objects.exists()


def test_a_signature_of_other_fields_is_no_signature(post: Post) -> None:
    row = accepted()
    body = json.loads(signed(mailgun("opened", row=row)))
    body["signature"]["timestamp"] = str(int(body["signature"]["timestamp"]) + 1)
    assert post(json.dumps(body).encode()).status_code == 400


def test_a_password_is_asked_for_where_there_is_no_signature(post: Post, settings: Any) -> None:
    settings.ANYMAIL = calls.ANYMAIL
    row = accepted("pm-1")
    body = json.dumps({"RecordType": "SpamComplaint", "Type": "SpamComplaint", "MessageID": "pm-1", "ID": 7})
    for header in ({}, {"Authorization": "Basic aG9vazp3cm9uZw=="}, {"Authorization": "Bearer x"}):
        assert post(body.encode(), POSTMARK, **header).status_code == 400
    assert not Suppression.objects.exists()
    assert post(body.encode(), POSTMARK, Authorization=calls.AUTHORIZATION).status_code == 200
    assert kinds(row) == ["accepted", "complained"]


def test_repetitions_without_an_id_are_known_by_what_they_hold(post: Post, settings: Any) -> None:
    settings.ANYMAIL = calls.ANYMAIL
    row = accepted()
    body = {
        "RecordType": "Delivery", "MessageID": "x", "Recipient": ADDRESS, "DeliveredAt": "2031-05-01T12:00:00Z",
        "Metadata": {"delivery": str(row.id), "copy": copy_of(row.message_id)},
    }  # fmt: skip
    turned = dict(reversed(body.items()))
    for each in (body, body, turned):
        assert post(json.dumps(each).encode(), POSTMARK, Authorization=calls.AUTHORIZATION).status_code == 200
    assert kinds(row) == ["accepted", "delivered"]
    soft = {**body, "RecordType": "Bounce", "Type": "SoftBounce", "ID": 9, "Email": ADDRESS}
    post(json.dumps(soft).encode(), POSTMARK, Authorization=calls.AUTHORIZATION)
    assert kinds(row) == ["accepted", "bounced", "delivered"]
    assert not Suppression.objects.exists()


def test_something_too_large_is_refused_unread(post: Post, settings: Any) -> None:
    settings.DELIVERY_WEBHOOK_BYTES = 10_000
    row = accepted()
    data = mailgun("complained", row=row, padding="x" * 10_000)
    answer = post(signed(data))
    assert answer.status_code == 413
    assert b"10000 bytes" in answer.content
    assert kinds(row) == ["accepted"]


def test_an_event_about_somebody_elses_message_is_taken_and_dropped(post: Post) -> None:
    row = accepted()
    foreign = Claimed(**{name: getattr(row, name) for name in row.__slots__})  # type: ignore[attr-defined]
    foreign.message_id = "<contact.1.1.0123456789abcdef@example.com>"
    assert post(signed(mailgun("complained", row=foreign))).status_code == 200
    assert post(signed(mailgun("complained"))).status_code == 200
    assert kinds(row) == ["accepted"]
    assert WaitingReport.objects.count() == 1, "without our own ids it may yet turn out to be ours"
    assert not Suppression.objects.exists()


def test_before_our_own_record(post: Post) -> None:
    _, row = attempting()
    assert post(signed(mailgun("delivered", row=row))).status_code == 200
    assert stored(row).state == "accepted"


def test_what_breaks_here_is_asked_for_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider repeats what was answered with 500, so nothing is lost while the database is away."""
    from django.db import OperationalError

    from apps.delivery.services import feedback

    def away(**_: Any) -> None:
        raise OperationalError

    row = accepted()
    body = signed(mailgun("complained", row=row))
    monkeypatch.setattr(feedback, "take", away)
    with pytest.raises(OperationalError):
        post(body)
    monkeypatch.undo()
    assert post(body).status_code == 200
    assert kinds(row) == ["accepted", "complained"]


def test_a_provider_that_is_not_set_up_has_no_address(post: Post, settings: Any) -> None:
    settings.ANYMAIL = {}
    row = accepted()
    assert post(signed(mailgun("complained", row=row))).status_code == 404
    assert post(b"{}", "/anymail/sparkpost/tracking/").status_code == 404
    assert Client().get(MAILGUN).status_code in (404, 405)
    assert Delivery.objects.filter(pk=row.id, state="accepted").exists()


def test_without_any_provider_there_are_no_webhooks(post: Post, settings: Any) -> None:
    settings.ROOT_URLCONF = "launchportal.urls"
    assert post(b"{}").status_code == 404


def test_text_with_line_breaks_stays_one_line(post: Post) -> None:
    row = accepted()
    more = {
        **BOUNCE,
        "delivery-status": {"message": "550 5.1.1 no\r\nBcc: thief@example.com\x00" + "x" * 900},
    }
    assert post(signed(mailgun("failed", row=row, **more))).status_code == 200
    detail = DeliveryEvent.objects.get(kind="bounced").detail
    assert "\n" not in detail and "\r" not in detail and "\x00" not in detail
    assert len(detail) <= 500


@pytest.mark.parametrize("multipart", [True, False])
def test_mail_comes_as_a_form_too(post_form: Callable[..., int], multipart: bool) -> None:
    row = accepted()
    mail = answer(In_Reply_To=row.message_id).decode()
    assert post_form(mail, multipart=multipart, key="guessed") == 400
    assert kinds(row) == ["accepted"]
    assert post_form(mail, multipart=multipart) == 200
    assert post_form(mail, multipart=multipart) == 200
    assert kinds(row) == ["accepted", "replied"]


@pytest.fixture
def post_form() -> Callable[..., int]:
    """Post a mail as Mailgun's routes do."""

    def send(mail: str, *, multipart: bool, key: str = calls.SIGNING_KEY) -> int:
        fields = {
            "sender": ADDRESS, "recipient": "csm@example.com", "body-mime": mail,
            **json.loads(signed({}, key=key))["signature"],
        }  # fmt: skip
        path = "/anymail/mailgun/inbound_mime/"
        browser = Client(enforce_csrf_checks=True)
        if multipart:
            return browser.post(path, fields).status_code
        return browser.post(
            path, urlencode(fields), content_type="application/x-www-form-urlencoded"
        ).status_code

    return send
