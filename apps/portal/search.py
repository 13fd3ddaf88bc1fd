"""What the command palette finds: pages, actions, launches and records that this person may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.urls import NoReverseMatch, reverse

from apps.core.actors import Actor
from apps.launches import kinds, policies
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches
from apps.portal.frame import LAUNCH, MAIN, TABS

EACH = 6
RECORDS = 12
LONGEST = 100
_FOUND = ("found_kind", "pk", "found_title", "found_launch", "found_slug", "found_age")


@dataclass(frozen=True)
class Hit:
    """One line of the palette."""

    label: str
    url: str
    icon: str
    hint: str = ""


@dataclass
class Group:
    """Hits of one sort under their heading."""

    label: str
    items: list[Hit] = field(default_factory=list)


# Pages that the sidebar has no room for.
MORE = (("Import a plan", "plans:import", "upload"), ("Templates", "plans:templates", "layout-template"))


def search(actor: Actor, text: str, slug: str = "") -> list[Group]:
    """Groups of hits, best first; `slug` is the launch whose page the palette was opened on.

    At most five queries whatever there is: the current launch, launches, people's parts, and one for the
    records of all kinds.
    """
    text = text.strip()[:LONGEST]
    words = text.casefold().split()
    current = _current(actor, slug)
    groups = [Group("Here", _pages_of(current, words))] if current else []
    groups.append(Group("Go to", _pages(words)))
    groups.append(Group("Do", _actions(actor, current, words)))
    groups.append(Group("Launches", _launches(actor, text)))
    if len(text) >= 2:
        groups.append(Group("In launches", _records(actor, text)))
    return [group for group in groups if group.items]


def _matches(label: str, words: list[str]) -> bool:
    folded = label.casefold()
    return all(word in folded for word in words)


def _link(name: str, *args: Any) -> str | None:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def _current(actor: Actor, slug: str) -> Launch | None:
    if not slug:
        return None
    launch = Launch.objects.filter(slug=slug[:80]).first()
    return launch if launch and policies.can_see_launch(actor, launch) else None


def _pages(words: list[str]) -> list[Hit]:
    found = [(label, _link(name), icon) for label, name, icon in (*MAIN, *MORE)]
    return [Hit(label, url, icon) for label, url, icon in found if url and _matches(label, words)]


def _pages_of(launch: Launch, words: list[str]) -> list[Hit]:
    return [
        Hit(label, url, icon, launch.name)
        for label, name, icon in (*LAUNCH, *TABS[1:])
        if (url := _link(name, launch.slug)) and _matches(f"{label} {launch.name}", words)
    ]


def _actions(actor: Actor, launch: Launch | None, words: list[str]) -> list[Hit]:
    offered: list[tuple[str, str | None, str, str]] = []
    if policies.can_write_somewhere(actor):
        offered.append(("New launch", _link("launches:new"), "plus", ""))
        offered.append(("Import a plan", _link("plans:import"), "upload", ""))
    if launch is not None:
        if policies.can_contribute(actor, launch):
            url = _link("launches:record_add", launch.slug, "calendar_entry")
            offered.append(("New calendar item", url, "plus", launch.name))
        if policies.can_edit_launch(actor, launch):
            url = _link("launches:move", launch.slug)
            offered.append(("Move launch day", url, "calendar-clock", launch.name))
        offered.append(("Export the plan", _link("plans:export", launch.slug), "download", launch.name))
    return [
        Hit(label, url, icon, hint) for label, url, icon, hint in offered if url and _matches(label, words)
    ]


def _launches(actor: Actor, text: str) -> list[Hit]:
    found = visible_launches(actor).exclude(state=Launch.State.ARCHIVED)
    if text:
        found = found.filter(name__icontains=text)
    found = found.order_by(F("launch_day").desc(nulls_last=True), "-id")
    return [
        Hit(
            launch.name,
            reverse("launches:overview", args=[launch.slug]),
            "rocket",
            launch.get_state_display(),
        )
        for launch in found[:EACH]
    ]


def _records(actor: Actor, text: str) -> list[Hit]:
    """Records of every kind whose title holds the text, in one query over all their tables."""
    visible = visible_launches(actor).exclude(state=Launch.State.ARCHIVED).select_related(None)
    parts: list[QuerySet[Any, Any]] = []
    for kind in kinds.all_kinds():
        condition = Q(title__icontains=text, launch__in=visible.values("pk"), **kind.where)
        parts.append(
            kind.model._default_manager.filter(condition)
            .order_by()
            .annotate(
                found_kind=Value(kind.key, output_field=CharField()),
                found_title=Cast("title", TextField()),
                found_launch=Cast("launch__name", TextField()),
                found_slug=Cast("launch__slug", TextField()),
                found_age=F("updated_at"),
            )
            .values_list("found_kind", "pk", "found_title", "found_launch", "found_slug", "found_age")[
                :RECORDS
            ]
        )
    rows = parts[0].union(*parts[1:], all=True).order_by("-found_age")[:RECORDS]
    hits = []
    for key, pk, title, launch, slug, _ in rows:
        kind = kinds.get(key)
        url = reverse("launches:record", args=[slug, key, pk])
        hits.append(Hit(title, url, kind.icon, f"{kind.label} · {launch}"))
    return hits
