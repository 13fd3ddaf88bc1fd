"""The feed: what one user of a customer's product is to see now.

Products ask for it with every page, so it is made to cost little: the database says which announcements are live for
this user, by id and version, and what one says, its audience and its answer's bytes are kept by version in this
process. Nothing that may change without the version is kept: state, window, receipts, facts, exposure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    DurationField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce, Now

from apps.announcements.models import Announcement, FeedLimits
from apps.announcements.selectors.contents import Content, Key, changed_at, contents
from apps.announcements.targeting import facts_about, fits, stored_facts
from apps.core.compiled import AnyOf, Compiled, given
from apps.launches.models import Launch
from apps.rollouts.selectors import Rollout, exposed, held_now, percent_now

State = Announcement.State

# A paused launch hides its announcements, a cancelled or archived one has none; a completed one lets those
# that are live run to their end; what was scheduled in it went back to approved.
SHOWING_LAUNCHES = (Launch.State.DRAFT, Launch.State.ACTIVE, Launch.State.COMPLETED)
STARTING_LAUNCHES = (Launch.State.DRAFT, Launch.State.ACTIVE)

FEED_LIMIT = 50
# How many that are live are looked at together; nobody has more live, and who has is served in several steps.
CHUNK = 200


class Entry(NamedTuple):
    """One announcement for one user, in the language it is answered in."""

    content: Content
    language: str
    shown_count: int

    @property
    def values(self) -> dict[str, Any]:
        """As the API describes it."""
        return {**self.content.values(self.language), "shown_count": self.shown_count}

    @property
    def json(self) -> bytes:
        """The same as JSON."""
        return b'%s,"shown_count":%d}' % (self.content.json(self.language)[:-1], self.shown_count)

    @property
    def tag(self) -> tuple[Any, ...]:
        """What is different whenever the entry is."""
        return (*self.content.key, self.language, self.shown_count)


def feed(**asked: Any) -> list[dict[str, Any]]:
    """The entries of `feed_entries` as the API describes them."""
    return [entry.values for entry in feed_entries(**asked)]


def feed_entries(
    *,
    account: str,
    user: str,
    surface: str = "",
    attributes: Mapping[str, Any] | None = None,
    languages: Sequence[str] = (),
    showing: Collection[int] = (),
) -> list[Entry]:
    """What this user of a customer's account is to see now, most pressing first. At most 50.

    Live, in its window by the database's clock, its launch running, aimed at this account (`attributes` is
    what its product says about it, over what is stored), where that is asked only if the launch's rollout has
    reached it, not dismissed by this user on any surface, not shown as often or as lately as it may be at most;
    those ids in `showing` are on the user's screen and so not cut off by that. With a `surface`, what is meant
    for it or for any, and no more at once than the installation allows; without, everything. Texts are in the
    first of `languages` there is.

    One query, and two for what this process has not answered before.

    Whether the launch is restricted does not count: that says which of the portal's own people see the plan,
    while the feed is for the company's product, whose users see nothing of the launch but what was approved
    and scheduled for them. Who is in `teams` and reads of it in their inbox does depend on it.
    """
    rows = [
        Candidate._make(row)
        for row in _CANDIDATES.rows(
            account=account, user=user, surface=[surface], anywhere=not surface, showing=sorted(showing)
        )
    ]
    audience = _Audience(account, attributes)
    found: list[Entry] = []
    at_once = 0
    for at in range(0, len(rows), CHUNK):
        chunk = rows[at : at + CHUNK]
        known = contents([Key(row.id, row.version, row.changed_at) for row in chunk])
        pairs = [(known[row.id], row) for row in chunk if row.id in known]
        for content, row in audience.of(pairs):
            if surface and row.at_once and content.form != Announcement.Form.LIST:
                at_once += 1
                if at_once > row.at_once:
                    continue
            found.append(Entry(content, content.language_for(languages), row.shown))
            if len(found) == FEED_LIMIT:
                return found
    return found


class Candidate(NamedTuple):
    """What the database says of one announcement that is live for a user, and of the user's account.

    `facts` stand only with an announcement that has a rule, `percent` and `held` only with one that asks for the
    launch's exposure: where nobody asks, they are not looked up.
    """

    id: int
    version: int
    changed_at: int
    shown: int
    at_once: int | None
    facts: str | None
    percent: Decimal | None
    held: bool | None


class _Audience:
    """Whether one account is meant."""

    def __init__(self, account: str, attributes: Mapping[str, Any] | None) -> None:
        self.account = account
        self.attributes = attributes
        self.facts: dict[str, Any] | None = None
        self.reached: dict[int, bool] = {}

    def of(self, pairs: list[tuple[Content, Candidate]]) -> Iterator[tuple[Content, Candidate]]:
        for content, row in pairs:
            if content.only_exposed and not self._reached(content.launch, row):
                continue
            if content.rule and not fits(content.rule, self._facts(row)):
                continue
            yield content, row

    def _facts(self, row: Candidate) -> dict[str, Any]:
        if self.facts is None:
            self.facts = facts_about(self.account, row.facts, self.attributes)
        return self.facts

    def _reached(self, launch: int, row: Candidate) -> bool:
        if launch not in self.reached:
            rollout = Rollout(launch, row.percent or Decimal(0), bool(row.held))
            self.reached[launch] = exposed(rollout, self.account)
        return self.reached[launch]


def showing_now() -> QuerySet[Announcement]:
    """What the feed has for somebody it is meant for who dismissed nothing."""
    return Announcement.objects.filter(_in_window())


def _in_window() -> Q:
    return Q(
        Q(ends_at=None) | Q(ends_at__gt=Now()),
        state=State.LIVE,
        starts_at__lte=Now(),
        launch__state__in=SHOWING_LAUNCHES,
    )


def _candidates() -> QuerySet[Announcement, Any]:
    """What is live for a user whatever its audience, in the feed's order."""
    never = Q(mine__shown_count=None)
    shows_left = Q(most_shows=None) | never | Q(mine__shown_count__lt=F("most_shows"))
    pause = ExpressionWrapper(F("hours_between") * timedelta(hours=1), output_field=DurationField())
    rested = Q(hours_between=None) | Q(mine__last_seen_at=None) | Q(mine__last_seen_at__lte=Now() - pause)
    capped = shows_left & rested
    on_screen = Q(AnyOf(F("pk"), given("showing", list[int])))
    here = Q(given("anywhere", bool)) | Q(surfaces=[]) | Q(surfaces__contains=given("surface", list[str]))
    mine = Q(receipts__account=given("account", str), receipts__user=given("user", str))
    return (
        Announcement.objects.annotate(mine=FilteredRelation("receipts", condition=mine))
        .filter(_in_window(), capped | on_screen, here, mine__dismissed_at=None)
        .annotate(
            shown=Coalesce("mine__shown_count", 0),
            at_once=Subquery(FeedLimits.objects.values("most_at_once")[:1]),
            facts=Case(When(~Q(audience_rule=""), then=stored_facts(given("account", str)))),
            percent=Case(When(only_exposed=True, then=percent_now("launch"))),
            held=Case(When(only_exposed=True, then=held_now("launch"))),
        )
        .order_by("-priority", "-went_live_at", "-id")
        .values_list("id", "version", changed_at(), "shown", "at_once", "facts", "percent", "held")
    )


_CANDIDATES = Compiled(_candidates)
