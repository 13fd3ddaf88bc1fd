"""Rates shared by all workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.delivery.models import Bucket
from apps.delivery.services import buckets
from tests.announcements.worlds import in_threads


@pytest.mark.django_db
def test_the_fraction_is_kept() -> None:
    assert buckets.take(Bucket.Kind.SENDER, "a", 10, 2.5).count == 2
    Bucket.objects.update(tokens=0.9)
    taken = buckets.take(Bucket.Kind.SENDER, "a", 10, 0.5)
    assert taken.count == 0
    assert 0 < taken.wait <= 0.2
    assert Bucket.objects.get().tokens >= 0.9


@pytest.mark.django_db
def test_time_fills_it_up_to_a_second() -> None:
    buckets.take(Bucket.Kind.SENDER, "a", 10, 10)
    bucket = Bucket.objects.get()
    Bucket.objects.update(tokens=0, filled_at=bucket.filled_at - timedelta(hours=1))
    assert buckets.take(Bucket.Kind.SENDER, "a", 100, 10).count == 10


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_take_more_than_there_is() -> None:
    answers = in_threads(*[lambda: buckets.take(Bucket.Kind.DOMAIN, "d", 3, 10.0).count for _ in range(8)])
    assert 10 <= sum(answers) <= 12
