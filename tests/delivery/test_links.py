"""Counted links: what is packed, where it leads, and what is counted."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.db import OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.delivery import links
from apps.delivery.models import Click, Delivery, DeliveryEvent
from apps.delivery.services import clicks
from apps.delivery.sources import Claimed, Message, Unrenderable
from apps.delivery.tracking import with_counted_links
from tests.announcements.worlds import in_threads
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.delivery.testapp.source import Numbers, register

URL = "https://example.com/a?b=1&c=%20#d"


@pytest.fixture
def row(db: None) -> Delivery:
    return Delivery.objects.get(mailing=worlds.running(1))


def path(delivery_id: int, url: str = URL) -> str:
    return links.counted_url(delivery_id, url).partition("8000")[2]


def targets(text: str) -> list[str]:
    """Where the packed links in a text lead, in their order."""
    return [links.counted(token)[1] for token in re.findall(r"/l/([^/]+)/", text)]


def html(body: str) -> str:
    return with_counted_links(Message("s", "t", body, track=True), 7).html


def text(body: str) -> str:
    return with_counted_links(Message("s", body, track=True), 7).text


def test_it_leads_to_exactly_the_address_and_counts_once_per_link(row: Delivery) -> None:
    browser = Client()
    for _ in range(3):
        answer = browser.get(path(row.pk))
        assert (answer.status_code, answer["Location"]) == (302, URL)
    assert browser.get(path(row.pk, "https://example.com/other")).status_code == 302
    assert sorted(Click.objects.values_list("url", "count")) == [("https://example.com/a?b=1&c=%20#d", 3),
                                                                 ("https://example.com/other", 1)]  # fmt: skip
    told = DeliveryEvent.objects.filter(kind="clicked", delivery=row).order_by("pk")
    assert [event.detail for event in told] == [URL, "https://example.com/other"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]


def test_a_look_without_going_counts_for_nothing(row: Delivery) -> None:
    answer = Client().head(path(row.pk))
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert Client().post(path(row.pk)).status_code == 405
    assert not Click.objects.exists()


@pytest.mark.parametrize("change", ["url", "number", "salt", "cut", "nothing"])
def test_nobody_makes_up_where_it_leads(row: Delivery, change: str) -> None:
    token = path(row.pk).split("/")[2]
    packed, _, signature = token.partition(".")
    evil = urlsafe_b64encode(f"{row.pk} https://evil.example/".encode()).rstrip(b"=").decode()
    other = urlsafe_b64encode(f"{row.pk + 1} {URL}".encode()).rstrip(b"=").decode()
    made = {
        "url": f"{evil}.{signature}",
        "number": f"{other}.{signature}",
        "salt": signing.Signer(salt="delivery.unsubscribe", sep=".").sign(evil),
        "cut": token[:-3],
        "nothing": ".",
    }[change]
    answer = Client().get(f"/l/{made}/")
    assert answer.status_code == 404
    assert "Location" not in answer
    assert not Click.objects.exists()
    assert packed


def test_a_token_of_one_kind_is_none_of_the_other(row: Delivery) -> None:
    assert Client().get(f"/u/{path(row.pk).split('/')[2]}/").status_code == 404
    assert Client().get(f"/l/{links.token_for(row.pk)}/").status_code == 404


def test_it_leads_on_although_nothing_can_be_counted(row: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(clicks, "count", away)
    assert Client().get(path(row.pk))["Location"] == URL
    monkeypatch.undo()
    assert Client().get(path(999_999_999))["Location"] == URL
    assert not Click.objects.exists()


def test_links_of_a_page_are_packed_and_what_one_wants_is_not() -> None:
    own = links.preferences_url(7)
    packed = html(
        f'<p><a title="x" href="https://example.com/?a=1&amp;b=2">a</a> <A HREF=\'http://example.com/b\'>b</A> '
        f'<a href="{own}">own</a> <a href="mailto:a@example.com">m</a> <a href="#top">t</a> '
        f'<a data-href="https://example.com/data" href="tel:1">d</a> https://example.com/text</p>'
    )
    assert targets(packed) == ["https://example.com/?a=1&b=2", "http://example.com/b"]
    assert own in packed and 'href="mailto:a@example.com"' in packed and 'href="#top"' in packed
    assert 'data-href="https://example.com/data"' in packed and " https://example.com/text<" in packed


def test_links_of_a_text_are_packed_without_what_belongs_to_the_sentence() -> None:
    own = links.preferences_url(7)
    packed = text(
        f"See https://example.com/a, or (https://example.com/b_(c)). [Here](https://example.com/d)! {own}\n"
        "https://example.com/ä <https://example.com/e>"
    )
    assert targets(packed) == [
        "https://example.com/a", "https://example.com/b_(c)", "https://example.com/d", "https://example.com/e",
    ]  # fmt: skip
    assert own in packed and "https://example.com/ä" in packed
    assert (
        packed.startswith("See http") and "/, or (" in packed and "/). [Here](" in packed and "/)! " in packed
    )


def test_twice_packed_is_packed_once() -> None:
    once = html('<a href="https://example.com/">x</a>')
    assert html(once) == once


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=300))
def test_whatever_is_packed_comes_out_the_same(tail: str) -> None:
    url = f"https://example.com/{tail}"
    assert links.counted(links.counted_url(3, url).split("/l/")[1].rstrip("/")) == (3, url)


def test_long_addresses_stay_as_they_are() -> None:
    long = "https://example.com/" + "x" * 2000
    assert text(long) == long


class Tracked(Numbers):
    """Every other recipient's links are counted."""

    def message(self, row: Claimed) -> Message | Unrenderable:
        found = super().message(row)
        assert isinstance(found, Message)
        found.html = '<p>Look <a href="https://example.com/new">here</a></p>'
        found.text = "Look here: https://example.com/new\n"
        found.track = row.context["number"] == 1
        return found


@pytest.mark.django_db
def test_a_mail_that_goes_out(sink: Sink, drain: Callable[[], int]) -> None:
    register(Tracked())
    mailing = worlds.scheduled(2)
    drain()
    bodies = {}
    for recipient, got in sink.by_recipient().items():
        parts = [got.parsed().get_body((kind,)) for kind in ("plain", "html")]
        bodies[recipient] = [part.get_content() for part in parts if part is not None]
        assert "/u/" in got.parsed()["List-Unsubscribe"]
    for body in bodies["user1@d1.example.com"]:
        assert targets(body) == ["https://example.com/new"]
        assert ">https://" not in body
    for body in bodies["user2@d2.example.com"]:
        assert "https://example.com/new" in body and "/l/" not in body
    token = re.findall(r"/l/[^/]+/", bodies["user1@d1.example.com"][1])[0]
    assert Client().get(token)["Location"] == "https://example.com/new"
    assert Click.objects.get().delivery.mailing == mailing


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_event() -> None:
    row = Delivery.objects.get(mailing=worlds.running(1))
    answers = in_threads(*[lambda: Client().get(path(row.pk)).status_code for _ in range(8)])
    assert answers == [302] * 8
    assert Click.objects.get().count == 8
    assert DeliveryEvent.objects.filter(kind="clicked").count() == 1
