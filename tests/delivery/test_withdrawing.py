"""Taking one recipient off mailings that have not got to them yet."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from django.db import connection

from apps.delivery.models import Delivery, Mailing
from apps.delivery.services import mailings, snapshot
from apps.delivery.services.withdrawing import withdraw
from apps.delivery.sources import Recipient
from tests.delivery import worlds
from tests.delivery.testapp.source import Numbers, register


def take_off(mailing: Mailing, number: int = 1) -> int:
    return withdraw(mailings=[mailing.pk], recipient_kind="contact", recipient_id=number, reason="Enough")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "after"),
    [("ready", "cancelled"), ("accepted", "accepted"), ("failed", "failed"), ("suppressed", "suppressed")],
)
def test_only_what_waits_is_taken_off(state: str, after: str) -> None:
    mailing = worlds.running(2)
    Delivery.objects.filter(mailing=mailing).update(state=state)
    assert take_off(mailing) == (1 if after == "cancelled" else 0)
    assert take_off(mailing) == 0
    assert list(Delivery.objects.order_by("recipient_id").values_list("state", flat=True)) == [after, state]


@pytest.mark.django_db(transaction=True)
def test_one_who_is_just_being_collected_is_taken_off_too() -> None:
    """The rows are not committed yet while it is asked for."""
    chosen, go_on = threading.Event(), threading.Event()

    class Slow(Numbers):
        def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
            found = super().recipients(mailing, after, limit)
            chosen.set()
            assert go_on.wait(20)
            return found

    register(Slow())
    mailing = worlds.scheduled(2)
    mailings.start_due()

    def collect() -> None:
        try:
            snapshot.store_chunk(mailing.pk)
        finally:
            connection.close()

    collecting = threading.Thread(target=collect)
    collecting.start()
    assert chosen.wait(20)
    threading.Timer(0.5, go_on.set).start()
    assert take_off(mailing) == 1
    collecting.join()
    assert worlds.states(mailing) == {"cancelled": 1, "ready": 1}
