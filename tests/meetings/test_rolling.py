"""Sessions are made as time goes on: each once, as published, with hosts taking turns."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from apps.core.clock import now
from apps.meetings.models import Hosting, Occurrence, Series
from apps.meetings.recurrence import Rule
from apps.meetings.services import drafting
from apps.meetings.services.publishing import HORIZON_OF_ENDED
from apps.meetings.services.rolling import extend
from tests.meetings.worlds import Meetings, next_tuesday

WEEKS = timedelta(weeks=1)


def test_a_series_without_end_goes_on_as_published(meetings: Meetings) -> None:
    grace, joan = meetings.person("Grace"), meetings.person("Joan")
    series = meetings.series(grace, joan, rule=Rule.weekly(1), rotation="rotation")
    meetings.publish(series, ahead=5 * WEEKS)
    before = [each.pk for each in meetings.sessions(series)]
    drafting.change_series(actor=meetings.act(), series=series, values={"minutes": 30})
    assert extend(ahead=5 * WEEKS) == 0
    made = extend(ahead=12 * WEEKS)
    assert 6 <= made <= 8
    assert extend(ahead=12 * WEEKS) == 0
    found = meetings.sessions(series)
    assert [each.pk for each in found][: len(before)] == before
    assert [each.at for each in found] == [next_tuesday() + number * WEEKS for number in range(len(found))]
    assert {each.ends_at - each.starts_at for each in found} == {timedelta(hours=1)}
    turns = list(Hosting.objects.order_by("occurrence__starts_at").values_list("user__name", flat=True))
    assert all(one != other for one, other in pairwise(turns))


def test_a_host_who_is_taken_is_left_out(meetings: Meetings) -> None:
    grace = meetings.person("Grace")
    first = meetings.series(grace, rule=Rule.weekly(1))
    meetings.publish(first, ahead=20 * WEEKS)
    second = meetings.series(grace, rule=Rule.weekly(1), first=next_tuesday() + timedelta(minutes=30))
    meetings.publish(second, ahead=3 * WEEKS)
    assert extend(ahead=20 * WEEKS) > 10
    assert not Hosting.objects.filter(occurrence__series=second).exists()


def test_what_is_over_is_not_looked_at_again(meetings: Meetings) -> None:
    series = meetings.series()
    meetings.publish(series, ahead=3 * WEEKS)
    extend(ahead=30 * WEEKS)
    assert Occurrence.objects.count() == 8
    assert Series.objects.get().made_until == HORIZON_OF_ENDED
    # Unless it goes on after all.
    drafting.change_series(actor=meetings.act(), series=series, values={"rule": Rule.weekly(1)})
    meetings.publish(series, ahead=12 * WEEKS)
    assert Occurrence.objects.count() > 8
    assert Series.objects.get().made_until == (now() + 12 * WEEKS).date()
