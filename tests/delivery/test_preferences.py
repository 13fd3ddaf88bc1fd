"""The pages recipients have, and the suppression list behind them."""

from __future__ import annotations

import tracemalloc
from contextlib import nullcontext
from io import BytesIO

import pytest
from django.test import Client

from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed
from apps.delivery import links
from apps.delivery.models import Delivery, DeliveryEvent, Suppression
from apps.delivery.selectors import suppressed_topics
from apps.delivery.services import suppression
from tests.delivery import worlds

pytestmark = pytest.mark.django_db
ADDRESS = "user1@d1.example.com"


@pytest.fixture
def address() -> str:
    """The path of the page for the one recipient of a mailing."""
    worlds.running(1)
    return f"/u/{links.token_for(Delivery.objects.get().pk)}/"


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def test_looking_changes_nothing(browser: Client, address: str) -> None:
    page = browser.get(address)
    assert page.status_code == 200
    assert "Product news" in page.content.decode()
    assert browser.head(address).status_code == 200
    assert not Suppression.objects.exists()
    assert page["Referrer-Policy"] == "no-referrer"


def test_one_click_needs_no_cookie_and_answers_200(browser: Client, address: str) -> None:
    for _ in range(2):
        answer = browser.post(address, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    entry = Suppression.objects.get()
    assert (entry.value, entry.topic, entry.reason) == (ADDRESS, "product-news", "unsubscribe")
    assert DeliveryEvent.objects.filter(kind="unsubscribed").count() == 1


def test_one_click_as_a_mail_program_writes_it(browser: Client, address: str) -> None:
    answer = browser.generic(
        "POST", address, b"List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert suppressed_topics(ADDRESS) == {"product-news"}


def test_topics_are_chosen_and_chosen_back(browser: Client, address: str) -> None:
    browser.post(address, {"choice": "topics", "topic": ["product-news", "outreach"]})
    assert suppressed_topics(ADDRESS) == {"events"}
    browser.post(address, {"choice": "none"})
    assert "" in suppressed_topics(ADDRESS)
    browser.post(address, {"choice": "topics", "topic": ["product-news", "events", "outreach", "made-up"]})
    assert suppressed_topics(ADDRESS) == set()


def test_a_recipient_cannot_lift_what_others_entered(browser: Client, address: str) -> None:
    suppression.add(actor=SYSTEM, value=ADDRESS, reason="complaint")
    browser.post(address, {"choice": "topics", "topic": ["product-news", "events", "outreach"]})
    assert suppressed_topics(ADDRESS) == {""}


@pytest.mark.parametrize("token", ["1", "1.x", "abc", "%00", "9999999999999999999999.x"])
def test_made_up_links_are_refused(browser: Client, address: str, token: str) -> None:
    for answer in (browser.get(f"/u/{token}/"), browser.post(f"/u/{token}/", {"choice": "none"})):
        assert answer.status_code == 404
    assert not Suppression.objects.exists()


def test_another_number_with_the_same_signature_is_refused(browser: Client, address: str) -> None:
    number, _, signature = address.split("/")[2].partition(".")
    assert browser.get(f"/u/{int(number) + 1}.{signature}/").status_code == 404


def test_anything_else_posted_is_refused(browser: Client, address: str) -> None:
    assert browser.post(address, {"choice": "everything"}).status_code == 400
    assert browser.put(address).status_code == 405


# The list -------------------------------------------------------------------------------------------


def test_only_those_who_work_with_customers_keep_the_list() -> None:
    with pytest.raises(NotAllowed):
        suppression.add(actor=worlds.actor(), value=ADDRESS)
    with pytest.raises(NotAllowed):
        suppression.export_csv(actor=worlds.actor())
    entry = suppression.add(actor=worlds.administrator(), value=ADDRESS)
    suppression.lift(actor=worlds.administrator(), suppression=entry, reason="She asked")
    assert not Suppression.objects.exists()


def test_the_audit_log_holds_no_address() -> None:
    from apps.audit.models import Event

    suppression.add(actor=SYSTEM, value=ADDRESS)
    event = Event.objects.get(verb="suppression.added")
    assert "example.com" not in str(event.changes) + event.object_label


def test_csv_goes_out_and_comes_back() -> None:
    who = worlds.administrator()
    suppression.add(actor=who, value=ADDRESS, topic="events", note="=1+1")
    suppression.add(actor=who, value="Example.ORG", kind="domain", reason="complaint")
    file = "".join(suppression.export_csv(actor=who))
    before = set(Suppression.objects.values_list("kind", "value", "topic", "reason"))
    assert "\n=1" not in file and ",=1" not in file
    Suppression.objects.all().delete()
    assert suppression.import_csv(actor=who, file=BytesIO(file.encode()), dry_run=True).added == 2
    assert not Suppression.objects.exists()
    assert suppression.import_csv(actor=who, file=BytesIO(file.encode())).added == 2
    assert suppression.import_csv(actor=who, file=BytesIO(b"\xef\xbb\xbf" + file.encode())).known == 2
    assert set(Suppression.objects.values_list("kind", "value", "topic", "reason")) == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_long_file_takes_no_more_memory_than_a_chunk_of_it(
    monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    monkeypatch.setattr(suppression, "CHUNK", 500)
    suppression.add(actor=SYSTEM, value="a1@example.com")
    data = "value\n" + "".join(f"a{number}@example.com\n" for number in range(10_000)) + "A2@example.com\n"
    tracemalloc.start()
    try:
        outcome = suppression.import_csv(actor=SYSTEM, file=BytesIO(data.encode()), dry_run=dry_run)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (outcome.added, outcome.known, outcome.errors) == (9_999, 2, [])
    assert Suppression.objects.count() == (1 if dry_run else 10_000)
    assert peak < 6 * 2**20, f"{peak / 2**20:.1f} MiB"


def test_a_file_that_is_too_long_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "MOST_ROWS", 2)
    for rows, refused in ((2, False), (3, True)):
        data = "value\n" + "".join(f"a{number}@example.com\n" for number in range(rows))
        with pytest.raises(Invalid, match="At most 2 entries") if refused else nullcontext():
            suppression.import_csv(actor=SYSTEM, file=BytesIO(data.encode()))
    assert Suppression.objects.count() == 2


def test_a_file_with_a_bad_line_stores_nothing() -> None:
    data = b"value,reason\na@example.com,manual\nnot an address,manual\nb@example.com,boredom\n"
    outcome = suppression.import_csv(actor=SYSTEM, file=BytesIO(data))
    assert [error.split(":")[0] for error in outcome.errors] == ["Line 3", "Line 4"]
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    "data", [b"", b"mail\na@example.com\n", "value\nä".encode("latin-1"), b"value\n\x00\n"]
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    try:
        outcome = suppression.import_csv(actor=SYSTEM, file=BytesIO(data))
    except Invalid:
        return
    assert outcome.errors
