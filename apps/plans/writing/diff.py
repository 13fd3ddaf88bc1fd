"""Two lists of records compared as facts: what came, what went, what changed from which value to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from apps.plans.reading.model import Reading
from apps.plans.writing.expressing import expressed, percent
from apps.plans.writing.live import UNWRITTEN, Live, live_records, same, tidy

# Below this likeness two titles are two things.
_ALIKE = 0.6
_KIND_WORDS = {"kpi": "metric", "rollback_criterion": "rollback criterion", "rollback_step": "rollback step"}


@dataclass(frozen=True)
class Change:
    """One difference. `what` is added, removed or changed; `old` and `new` are JSON values of `field`."""

    what: str
    kind: str
    title: str
    field: str = ""
    old: Any = None
    new: Any = None
    key: str = ""
    # The new record's key where it differs (a re-imported document numbers its records anew).
    new_key: str = ""

    @property
    def text(self) -> str:
        """The difference in words: "Phase 2 rollout: 25, 50, 75 became 20, 60"."""
        kind = _KIND_WORDS.get(self.kind, self.kind.replace("_", " "))
        if self.what == "added":
            return f"{kind.capitalize()} “{self.title}” was added"
        if self.what == "removed":
            return f"{kind.capitalize()} “{self.title}” was removed"
        return f"{self.title} {self.field.replace('_', ' ')}: {self._said(self.old)} became {self._said(self.new)}"

    def _said(self, value: Any) -> str:
        if self.field == "rollout":
            return ", ".join(percent(one) for one in value) or "nothing"
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = expressed("en", self.kind, self.field, value)
        return text.replace("\n", " / ") or "nothing"


def compare(
    old: Sequence[Live] | Reading, new: Sequence[Live] | Reading, *, keys: bool = True
) -> list[Change]:
    """The differences in the order of the new records; removed ones come where they stood.

    Records match by key if `keys` (two states of one launch), then by kind, title and place: an equal title
    first, then the most alike one. The steps of a phase are one fact, its rollout.
    """
    before = live_records(old) if isinstance(old, Reading) else list(old)
    after = live_records(new) if isinstance(new, Reading) else list(new)
    pairs = match(before, after, keys=keys)
    changes: list[Change] = []
    taken = {id(one) for one, _ in pairs}
    for gone in before:
        if id(gone) not in taken and gone.kind != "rollout_step":
            changes.append(Change("removed", gone.kind, gone.title, key=gone.key))
    partner = {id(later): earlier for earlier, later in pairs}
    ladders = _ladders(before, after, pairs)
    for later in after:
        earlier = partner.get(id(later))
        if later.kind == "rollout_step":
            continue
        if earlier is None:
            changes.append(Change("added", later.kind, later.title, key=later.key, new_key=later.key))
        else:
            changes.extend(_changed(earlier, later))
        if later.kind == "phase":
            was, now = ladders.get(later.key, ([], []))
            if [percent(one) for one in was] != [percent(one) for one in now]:
                name = earlier.title if earlier is not None else later.title
                key = earlier.key if earlier is not None else later.key
                changes.append(Change("changed", "phase", name, "rollout", was, now, key, later.key))
    was, now = ladders.get("", ([], []))
    if [percent(one) for one in was] != [percent(one) for one in now]:
        changes.append(Change("changed", "rollout_step", "The", "rollout", was, now))
    return changes


def match(before: Sequence[Live], after: Sequence[Live], *, keys: bool = True) -> list[tuple[Live, Live]]:
    """Which record of the one list is which of the other."""
    pairs: list[tuple[Live, Live]] = []
    free = {id(one): one for one in after}
    rest: list[Live] = []
    by_key = {(one.kind, one.key): one for one in after} if keys else {}
    for one in before:
        found = by_key.get((one.kind, one.key))
        if found is not None and id(found) in free:
            pairs.append((one, free.pop(id(found))))
        else:
            rest.append(one)
    rest = _by_title(rest, free, pairs, grouped=True)
    rest = _by_title(rest, free, pairs, grouped=False)
    _by_likeness(rest, free, pairs)
    order = {id(one): index for index, one in enumerate(before)}
    pairs.sort(key=lambda pair: order[id(pair[0])])
    return pairs


def _by_title(
    rest: list[Live], free: dict[int, Live], pairs: list[tuple[Live, Live]], *, grouped: bool
) -> list[Live]:
    known: dict[tuple[str, ...], list[Live]] = {}
    for one in free.values():
        known.setdefault(_name(one, grouped), []).append(one)
    left: list[Live] = []
    for one in rest:
        found = known.get(_name(one, grouped))
        if found:
            pairs.append((one, free.pop(id(found.pop(0)))))
        else:
            left.append(one)
    return left


def _name(one: Live, grouped: bool) -> tuple[str, ...]:
    return (one.kind, tidy(one.title).casefold(), tidy(one.group).casefold() if grouped else "")


def _by_likeness(rest: list[Live], free: dict[int, Live], pairs: list[tuple[Live, Live]]) -> None:
    """Renamed records: of each kind the most alike first."""
    kinds: dict[str, list[Live]] = {}
    for one in free.values():
        kinds.setdefault(one.kind, []).append(one)
    for kind, candidates in kinds.items():
        own = [one for one in rest if one.kind == kind]
        if len(own) * len(candidates) > 10_000:
            continue
        ranked = sorted(
            (
                (likeness(one, other), -index, -place)
                for index, one in enumerate(own)
                for place, other in enumerate(candidates)
            ),
            reverse=True,
        )
        used: set[int] = set()
        for score, index, place in ranked:
            one, other = own[-index], candidates[-place]
            if score < _ALIKE or id(one) in used or id(other) not in free:
                continue
            used.add(id(one))
            pairs.append((one, free.pop(id(other))))


def likeness(one: Live, other: Live) -> float:
    """0 to 1: how much two records of a kind tell the same."""
    titles = SequenceMatcher(
        None, tidy(one.title).casefold()[:200], tidy(other.title).casefold()[:200]
    ).ratio()
    shared = [
        name
        for name, value in one.fields.items()
        if value and name not in UNWRITTEN and other.fields.get(name)
    ]
    if not shared:
        return titles
    equal = sum(same(name, one.fields[name], other.fields[name]) for name in shared) / len(shared)
    return max(titles, 0.5 * titles + 0.5 * equal, equal * 0.9 if equal == 1.0 and len(shared) >= 2 else 0.0)


def _changed(earlier: Live, later: Live) -> list[Change]:
    name = earlier.title
    made: list[Change] = []

    def add(field: str, old: Any, new: Any) -> None:
        made.append(Change("changed", earlier.kind, name, field, old, new, earlier.key, later.key))

    if tidy(earlier.title) != tidy(later.title):
        add("title", earlier.title, later.title)
    if tidy(earlier.group) != tidy(later.group):
        add("group", earlier.group, later.group)
    for field in dict.fromkeys([*earlier.fields, *later.fields]):
        if field in UNWRITTEN or field == "group" or field not in earlier.fields or field not in later.fields:
            continue
        old, new = earlier.fields.get(field), later.fields.get(field)
        if not same(field, old, new):
            add(field, old, new)
    return made


def _ladders(
    before: Sequence[Live], after: Sequence[Live], pairs: Sequence[tuple[Live, Live]]
) -> dict[str, tuple[list[Any], list[Any]]]:
    """Per new phase key ("" for steps of no phase): its percents before and after."""
    renamed = {earlier.key: later.key for earlier, later in pairs if earlier.kind == "phase"}
    found: dict[str, tuple[list[Any], list[Any]]] = {}
    for one in sorted((one for one in before if one.kind == "rollout_step"), key=lambda one: one.position):
        key = renamed.get(one.parent or "", "" if not one.parent else f"gone:{one.parent}")
        found.setdefault(key, ([], []))[0].append(_percent(one.fields))
    for one in sorted((one for one in after if one.kind == "rollout_step"), key=lambda one: one.position):
        found.setdefault(one.parent or "", ([], []))[1].append(_percent(one.fields))
    return found


def _percent(fields: Mapping[str, Any]) -> Any:
    return fields.get("percent") or 0
