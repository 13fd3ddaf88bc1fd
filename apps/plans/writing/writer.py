"""Writing a plan: the document with what changed since it was read, checked by reading it again."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.plans.reading import PlanError, Reading, read_plan
from apps.plans.writing.composing import EXACT, Attempt, Composer
from apps.plans.writing.diff import match
from apps.plans.writing.expressing import percent
from apps.plans.writing.following import follow
from apps.plans.writing.fresh import skeleton
from apps.plans.writing.layout import Layout
from apps.plans.writing.live import (
    UNWRITTEN,
    Live,
    changed_fields,
    live_records,
    same,
    tidy,
    unsaid,
    with_one_time,
)
from apps.plans.writing.marks import annotate

_ROUNDS = 6
Marks = Mapping[str, Sequence[str]]


def write_plan(layout: Layout, records: Sequence[Live], *, live: Marks | None = None) -> str:
    """The document with today's records: unchanged ones byte for byte, changed facts patched in place.

    Reading the result gives the records again. Notes stay where they are. `live` maps record keys to short
    remarks (a date beside a relative week, the actual beside a target); a document written with them is for
    people and need not read back.
    """
    text = _written(layout, [one for one in records if one.kind not in ("note", "heading")])
    return annotate(text, layout, records, live) if live else text


def new_document(name: str, records: Sequence[Live]) -> tuple[str, Layout]:
    """A document for a launch that never had one, with its layout (keyed anew, in document order)."""
    base = Layout.of(read_plan(skeleton(name)))
    text = _written(base, [one for one in records if one.kind not in ("note", "heading")])
    return text, Layout.of(read_plan(text))


@dataclass
class _Outcome:
    text: str
    wrong: int


def _written(layout: Layout, records: Sequence[Live]) -> str:
    records = [with_one_time(one) for one in records]
    if untouched(layout, records):
        return layout.source
    wanted = follow(layout, records)
    attempt = Attempt()
    best: _Outcome | None = None
    told = {one.key for one in layout.records}
    for _ in range(_ROUNDS):
        text = Composer(layout, wanted, attempt).text()
        try:
            reading = read_plan(text)
        except PlanError:
            return best.text if best is not None else text
        wrong, stray = _compare(wanted, reading, told)
        outcome = _Outcome(text, len(wrong) + stray)
        if best is None or outcome.wrong < best.wrong:
            best = outcome
        if not outcome.wrong:
            break
        _learn(layout, wanted, attempt, wrong, stray)
    assert best is not None
    return best.text


def untouched(layout: Layout, records: Sequence[Live]) -> bool:
    """Whether nothing was changed, added, removed or put in another order."""
    laid = {one.key: one for one in layout.records if one.kind not in ("note", "heading")}
    if len(laid) != len(records) or {one.key for one in records} != set(laid):
        return False
    order = {key: index for index, key in enumerate(laid)}
    last: dict[str, int] = {}
    for one in sorted(records, key=lambda record: record.position):
        told = laid[one.key]
        if one.kind != told.kind or changed_fields(told, one) or tidy(one.group) != tidy(told.group):
            return False
        if one.kind == "rollout_step" and one.parent != told.parent:
            return False
        if last.get(one.kind, -1) > order[one.key]:
            return False
        last[one.kind] = order[one.key]
    return True


def _compare(
    wanted: Sequence[Live], reading: Reading, told: Container[str]
) -> tuple[dict[str, set[str]], int]:
    """Per key the fields that read back otherwise ("" stands for all), and how many records came from nowhere.

    `told` are the keys of records that the document told before.
    """
    found = live_records(reading)
    wanted_plain = [one for one in wanted if one.kind != "rollout_step"]
    pairs = match(wanted_plain, [one for one in found if one.kind != "rollout_step"], keys=False)
    wrong: dict[str, set[str]] = {}
    partner = {id(one): other for one, other in pairs}
    renamed = {other.key: one.key for one, other in pairs}
    for one in wanted_plain:
        other = partner.get(id(one))
        if other is None:
            wrong[one.key] = {""}
            continue
        fields = {
            name
            for name, value in one.fields.items()
            if name not in UNWRITTEN
            and name != "group"
            and not same(name, value, other.fields.get(name))
            and not (one.key not in told and unsaid(name, value))
        }
        if tidy(one.title) != tidy(other.title):
            fields.add("title")
        if (
            "group" in other.fields
            and tidy(one.group) != tidy(other.group)
            and (one.key in told or not unsaid("group", one.group))
        ):
            fields.add("group")
        if fields:
            wrong[one.key] = fields
    _compare_steps(wanted, found, renamed, wrong)
    return wrong, len(found) - sum(one.kind == "rollout_step" for one in found) - len(pairs)


def _compare_steps(
    wanted: Sequence[Live], found: Sequence[Live], renamed: Mapping[str, str], wrong: dict[str, set[str]]
) -> None:
    def steps(records: Sequence[Live], names: Mapping[str, str] | None) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for one in sorted(records, key=lambda record: record.position):
            if one.kind == "rollout_step":
                parent = one.parent or ""
                key = names.get(parent, parent) if names is not None else parent
                told.setdefault(key, []).append(percent(one.fields.get("percent") or 0))
        return told

    left, right = steps(wanted, None), steps(found, renamed)
    for key in {*left, *right}:
        if left.get(key, []) != right.get(key, []):
            wrong.setdefault(key, set()).add("rollout")


def _learn(
    layout: Layout, wanted: Sequence[Live], attempt: Attempt, wrong: dict[str, set[str]], stray: int
) -> None:
    """Tell derived fields outright the first time, then write the records anew, then with everything told."""
    from apps.plans.writing.rendering import DERIVED

    laid = {one.key: one for one in layout.records}
    by_key = {one.key: one for one in wanted}
    suspects = dict(wrong)
    if stray or any(
        key in laid and key in by_key and not changed_fields(laid[key], by_key[key]) for key in wrong
    ):
        # Something unchanged reads otherwise now: whatever was touched may have caused it.
        for one in wanted:
            if one.key not in laid or changed_fields(laid[one.key], one):
                suspects.setdefault(one.key, {""})
    for key, fields in suspects.items():
        suspect = by_key.get(key)
        if suspect is None:
            continue
        if suspect.kind == "phase" and "" in fields:
            # A heading is a phase by what is told of one below it, be it that there is none.
            attempt.explicit[key] = attempt.told(key) | {"audience"}
        derived = fields & DERIVED.get(suspect.kind, set())
        new = derived - attempt.told(key)
        if new and fields == derived:
            attempt.explicit[key] = attempt.told(key) | new
            continue
        attempt.explicit[key] = attempt.told(key) | derived
        if key in laid and not changed_fields(laid[key], suspect) and fields == {"group"}:
            continue
        attempt.levels[key] = min(attempt.level(key) + 1, EXACT)


__all__: list[Any] = ["new_document", "untouched", "write_plan"]
