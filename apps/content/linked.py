"""Items that *are* an announcement or a campaign: the thing decides the status, the item shows it.

Apps above register how they find their things; this app knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.content.models.item import CalendarItem


@dataclass(frozen=True)
class Linked:
    """What an item stands for. `kind` and `state` are words for people, `url` leads to its page."""

    kind: str
    title: str
    state: str
    url: str


@dataclass(frozen=True)
class Offer:
    """What an item of a channel may become: `label` on a button that leads to `address`."""

    label: str
    address: Callable[[CalendarItem], str]


Finder = Callable[[Sequence[int]], Mapping[int, Linked]]
_finders: dict[str, Finder] = {}
_offers: dict[str, Offer] = {}


def register(name: str, finder: Finder, *, channel_kind: str = "", offer: Offer | None = None) -> None:
    """Tell how to find the things of an app: ids of items -> what each of them stands for, in one query.

    Items of a channel of this kind are offered to become one.
    """
    _finders[name] = finder
    if channel_kind and offer is not None:
        _offers[channel_kind] = offer


def offer_for(item: CalendarItem) -> Offer | None:
    """What an item that stands for nothing yet may become, by its channel."""
    return _offers.get(item.channel.channel_kind) if item.channel is not None else None


def linked_to(items: Sequence[CalendarItem]) -> dict[int, Linked]:
    """What these items stand for, by item id. One query per registered app."""
    found: dict[int, Linked] = {}
    ids = [item.pk for item in items]
    for finder in _finders.values() if ids else ():
        found.update(finder(ids))
    return found
