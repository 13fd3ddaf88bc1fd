"""Reading templates: those that come with the portal and those people saved."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches import kinds, policies
from apps.plans import builtin
from apps.plans.models import LaunchTemplate
from apps.plans.templating.dates import weeks_of
from apps.plans.templating.document import Document, read

MOST_LISTED = 200


def saved_templates(
    text: str = "", tier: int | None = None, *, archived: bool = False
) -> QuerySet[LaunchTemplate]:
    """What people saved, by tier and name; archived ones only where asked for."""
    found = LaunchTemplate.objects.select_related("made_by", "made_from")
    if not archived:
        found = found.filter(archived=False)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(summary__icontains=text))
    if tier is not None:
        found = found.filter(Q(tier=tier) | Q(tier=None))
    return found.order_by("tier", "name", "pk")


def templates(text: str = "", tier: int | None = None) -> list[LaunchTemplate]:
    """Saved ones and those of the portal, at most 200, by tier (any last) and name. One query."""
    wanted = text.casefold()
    shipped = [
        each
        for each in builtin.templates()
        if wanted in f"{each.name} {each.summary}".casefold() and (tier is None or each.tier == tier)
    ]
    found = [*shipped, *saved_templates(text, tier)[:MOST_LISTED]]
    return sorted(found, key=lambda each: (each.tier or 99_999, not each.is_built_in, each.name.casefold()))


def template_by_slug(actor: Actor, slug: str) -> LaunchTemplate:
    """One template, put away or not. `NotFound` where there is none, or nobody is signed in."""
    if not policies.is_signed_in(actor):
        raise NotFound("There is no such template.")
    shipped = next((each for each in builtin.templates() if each.slug == slug), None)
    if shipped is not None:
        return shipped
    found = LaunchTemplate.objects.select_related("made_by", "made_from").filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such template.")
    return found


@dataclass(frozen=True)
class Week:
    """How much begins in a week around launch day; `height` is its bar, of 24."""

    number: int
    count: int
    height: int
    x: int

    @property
    def top(self) -> int:
        return 25 - self.height


@dataclass(frozen=True)
class Told:
    """A template as pages show it."""

    template: LaunchTemplate
    document: Document
    counts: list[tuple[str, int]]
    weeks: list[Week]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def width(self) -> int:
        return len(self.weeks) * 8

    @property
    def span(self) -> str:
        """From which week to which, in words."""
        if not self.weeks:
            return "no dates"
        first, last = self.weeks[0].number, self.weeks[-1].number
        return f"Week {first} to {last}" if first != last else f"Week {first}"


def told(template: LaunchTemplate) -> Told:
    """What is in a template. No query."""
    document = read(template.document)
    counts = [
        (_named(key, count), count)
        for key, count in sorted(document.counts().items(), key=lambda pair: -pair[1])
    ]
    weeks = weeks_of(document)[:120]
    most = max((count for _, count in weeks), default=1)
    bars = [
        Week(number, count, -(-count * 24 // most) if count else 0, place * 8)
        for place, (number, count) in enumerate(weeks)
    ]
    return Told(template, document, counts, bars)


def _named(key: str, count: int) -> str:
    kind = kinds.get(key)
    return (kind.label if count == 1 else kind.plural).lower()
