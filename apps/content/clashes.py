"""What stands in the way of calendar items besides time itself (see `schedule.clashes`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from apps.content.models import CalendarItem
from apps.core.dates import day_words, monday_of
from apps.launches.models import Channel
from apps.schedule.clashes import Clash, Dated, Scene, register

# Channels on which two launches in one week take each other's readers. Internal ones and documentation do not.
SHARED_CHANNELS = frozenset(
    {
        Channel.Kind.BLOG, Channel.Kind.EMAIL, Channel.Kind.IN_APP, Channel.Kind.SOCIAL, Channel.Kind.PRESS,
        Channel.Kind.OUTREACH, Channel.Kind.COMMUNITY, Channel.Kind.PAID,
    }
)  # fmt: skip


class Aim(NamedTuple):
    """Where an item goes and whom it is for: what two launches may share."""

    launch: str
    title: str
    channel: str
    segment: str


def register_checks() -> None:
    register("same_channel", "Two launches on one channel", on_one_channel)
    register("same_segment", "Two launches for one segment", for_one_segment)
    register("too_early", "Before it is available", before_available)


def on_one_channel(scene: Scene) -> Iterable[Clash]:
    """Weeks in which this launch and another speak on the same sort of channel. Two queries with the next."""
    yield from _shared(scene, "channel", "same_channel", "Both speak by {what} in the week of {week}")


def for_one_segment(scene: Scene) -> Iterable[Clash]:
    """Weeks in which this launch and another speak to a segment of the same name."""
    yield from _shared(scene, "segment", "same_segment", "Both are for “{what}” in the week of {week}")


def before_available(scene: Scene) -> Iterable[Clash]:
    """Items that go out before the phase they announce has begun. One query."""
    announced = scene.memo.get("announced")
    if announced is None:
        items = CalendarItem.objects.filter(launch=scene.launch, announces__isnull=False)
        announced = scene.memo["announced"] = {
            pk: (phase, title)
            for pk, phase, title in items.values_list("pk", "announces", "announces__title")
        }
    starts = {row.record_id: row.starts_on for row in scene.rows if row.kind == "phase"}
    for row in scene.ahead:
        if row.kind != CalendarItem.kind or row.record_id not in announced:
            continue
        phase, title = announced[row.record_id]
        begins = starts.get(phase)
        if begins is not None and row.starts_on is not None and row.starts_on < begins:
            goes, starts_then = day_words(row.starts_on), day_words(begins)
            words = f"“{row.title[:80]}” goes out {goes}; “{title[:80]}” begins {starts_then}."
            yield Clash("too_early", row.title, words, (row.pk,), (row.pk, phase), day=row.starts_on)


def _shared(scene: Scene, name: str, kind: str, told: str) -> Iterable[Clash]:
    ours = _by_week(scene, name)
    theirs = _elsewhere(scene)
    for (week, what), rows in sorted(ours.items()):
        others = [aim for aim in theirs.get(week, ()) if getattr(aim, name).casefold() == what.casefold()]
        if not others:
            continue
        launches = ", ".join(sorted({f"“{aim.launch}”" for aim in others})[:3])
        shown = str(Channel.Kind(what).label).lower() if name == "channel" else what
        words = f"{told.format(what=shown, week=day_words(week, weekday=False))}: this launch and {launches}."
        yield Clash(
            kind, rows[0].title, words, tuple(row.pk for row in rows), (week, what.casefold()), week=week
        )


def _by_week(scene: Scene, name: str) -> dict[tuple[date, str], list[Dated]]:
    aims = _own(scene)
    found: dict[tuple[date, str], list[Dated]] = defaultdict(list)
    for row in scene.ahead:
        aim = aims.get(row.record_id) if row.kind == CalendarItem.kind else None
        if aim is not None and getattr(aim, name) and row.starts_on is not None:
            found[monday_of(row.starts_on), getattr(aim, name)].append(row)
    return found


def _own(scene: Scene) -> Mapping[int, Aim]:
    """What the launch's own items aim at, by item id. Read once for both checks, before and after a move."""
    known: dict[int, Aim] | None = scene.memo.get("aims")
    if known is None:
        items = CalendarItem.objects.filter(launch=scene.launch)
        known = scene.memo["aims"] = _aims(items.values_list("pk", *_COLUMNS))
    return known


def _elsewhere(scene: Scene) -> Mapping[date, Sequence[Aim]]:
    """What other launches that the actor may see aim at, by week. One query, and one for what the items are."""
    known: dict[date, list[Aim]] | None = scene.memo.get("aims_elsewhere")
    if known is not None:
        return known
    weeks = {week for name in ("channel", "segment") for week, _ in _by_week(scene, name)}
    found: dict[date, list[Aim]] = defaultdict(list)
    if not weeks:
        # Not remembered: after the move that is looked at there may be some.
        return found
    placed = scene.elsewhere().filter(kind=CalendarItem.kind).order_by()
    days = dict(placed.values_list("record_id", "starts_on"))
    items = CalendarItem.objects.filter(pk__in=placed.values("record_id")).exclude(channel=None, segment=None)
    for pk, aim in _aims(items.values_list("pk", *_COLUMNS)).items():
        day = days.get(pk)
        if day is not None:
            found[monday_of(day)].append(aim)
    scene.memo["aims_elsewhere"] = found
    return found


_COLUMNS = ("launch__name", "title", "channel__channel_kind", "segment__title")


def _aims(rows: Iterable[tuple[int, str, str, str | None, str | None]]) -> dict[int, Aim]:
    return {
        pk: Aim(launch, title, channel if channel in SHARED_CHANNELS else "", segment or "")
        for pk, launch, title, channel, segment in rows
    }
