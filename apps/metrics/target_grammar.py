"""The grammar of targets: from text to `TargetSpec`s, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from apps.core.scanning import Scanner
from apps.core.tokens import is_placeholder_mark, strip_placeholders
from apps.core.vocabulary import Vocabulary
from apps.metrics.target_items import items_of
from apps.metrics.target_names import clean, generic, metric_name, name_of_blank
from apps.metrics.target_numbers import Item
from apps.metrics.target_value import Comparator, Kind, Relation, TargetSpec

# Longer texts are prose; the reader keeps them as text.
MAX_LENGTH = 5_000
MAX_METRIC = 300
_TIME_UNITS = frozenset({"ms", "s", "min", "h", "d", "bd", "week"})
_COUNTED = frozenset({"value", "change", "factor"})


@dataclass(frozen=True)
class _Clause:
    start: int
    end: int
    items: tuple[Item, ...]

    def first(self, *kinds: str) -> Item | None:
        return next((item for item in self.items if item.kind in kinds), None)


def parse_targets(
    text: str, *, vocab: Vocabulary, label: str = "", group: str = "", kind: Kind = "target"
) -> list[TargetSpec]:
    """The targets a text names, in order; one without comparator and value for a text without a number.

    `label` names the metric where the text itself does not ("40%" in a row "Activation"); `group` is the
    heading above it and counts when there is no label either. `kind` is what the column or section says
    the text is. Placeholders ("[X]%", "TBD") are no numbers. Never raises.
    """
    text = text.strip()
    if not text:
        return []
    label = clean(label) or clean(group)
    if is_placeholder_mark(text):
        bare = strip_placeholders(text)
        if not clean(bare):
            return [TargetSpec(metric=label[:MAX_METRIC], text=text, kind=kind)] if label else []
        if not any(character.isdigit() for character in bare):
            name = label if label and not generic(label, vocab) else name_of_blank(bare, vocab)
            return [TargetSpec(metric=name[:MAX_METRIC], text=text, kind=kind)]
    if len(text) > MAX_LENGTH:
        return [TargetSpec(metric=label[:MAX_METRIC], text=text, kind=kind)]
    scan = Scanner(text, vocab)
    specs: list[TargetSpec] = []
    metric, subject = label, label
    for clause in _clauses(scan, items_of(scan)):
        colon = _label_in(scan, clause)
        own = clause
        if colon:
            named = clean(scan.slice(clause.start, colon.start))
            metric = subject = named or label
            own = _Clause(
                colon.end, clause.end, tuple(item for item in clause.items if item.start >= colon.end)
            )
        for spec in _specs(scan, own, metric, kind=kind):
            if specs and not spec.metric:
                spec = replace(spec, metric=specs[-1].metric)
            if specs and spec.kind != kind and own.items and own.items[0].kind == "kind":
                spec = _of_the_same(spec, specs[-1], own)
            specs.append(replace(spec, text=_clean_end(scan.slice(clause.start, clause.end))))
        metric = subject
    if not specs or all(spec.value is None for spec in specs):
        name = label if label and not generic(label, vocab) else clean(text)
        return [TargetSpec(metric=name[:MAX_METRIC], text=text, kind=kind)]
    if len(specs) == 1:
        specs = [replace(specs[0], text=text)]
    return _told_by_label(specs, label, vocab)


def _told_by_label(specs: list[TargetSpec], label: str, vocab: Vocabulary) -> list[TargetSpec]:
    """ "Latency (p95)", "Units sold in the first 90 days": a name may say what its number leaves open."""
    if not any(character.isdigit() for character in label):
        return specs
    found = items_of(Scanner(label, vocab))
    percentile = next((item.days for item in found if item.kind == "percentile"), None)
    window = next((item.days for item in found if item.kind == "window"), None)
    return [
        replace(
            spec,
            percentile=spec.percentile or percentile,
            window_days=spec.window_days or (window if spec.kind != "baseline" else None),
        )
        for spec in specs
    ]


def _of_the_same(spec: TargetSpec, main: TargetSpec, clause: _Clause) -> TargetSpec:
    """ "(stretch: 50%)", "(alert at 3s)": of the metric before it, and an alert lies on its wrong side."""
    comparator = spec.comparator
    if (
        clause.first("comparator") is None
        and spec.kind != "baseline"
        and None not in (spec.value, main.value)
    ):
        wrong: dict[str | None, Comparator] = {"lt": "ge", "le": "ge", "ge": "le", "gt": "le"}
        comparator = main.comparator
        if spec.kind in {"alert", "rollback"}:
            comparator = wrong.get(main.comparator, main.comparator)
    unit = spec.unit or main.unit
    relation = main.relation if spec.kind != "baseline" else "absolute"
    return replace(spec, metric=main.metric, relation=relation, comparator=comparator, unit=unit)


# ---- Clauses ------------------------------------------------------------------------------------------


def _clauses(scan: Scanner, items: list[Item]) -> list[_Clause]:
    """Cut where one target ends and the next begins: at breaks, and at commas and "and" between numbers."""
    clauses: list[_Clause] = []
    start, kept = 0, list[Item]()
    for place, item in enumerate(items):
        cut = item.kind == "break"
        if item.kind in {"comma", "and"} and not item.depth:
            cut = _has_value(kept) and _value_follows(items, place)
            cut = cut or (item.kind == "comma" and _stands_alone(scan, kept, start, item, items, place))
        if item.kind == "kind" and _has_value(kept):
            cut = True
        if cut:
            _close(clauses, start, item.start, kept)
            start, kept = (item.start, [item]) if item.kind == "kind" else (item.end, [])
        else:
            kept.append(item)
    _close(clauses, start, len(scan), kept)
    return clauses


def _close(clauses: list[_Clause], start: int, end: int, items: list[Item]) -> None:
    if start < end:
        clauses.append(_Clause(start, end, tuple(items)))


def _has_value(items: list[Item]) -> bool:
    return any(item.kind in _COUNTED or item.kind == "share" for item in items)


def _value_follows(items: list[Item], place: int) -> bool:
    for item in items[place + 1 :]:
        if item.kind in _COUNTED:
            return True
        if item.kind in {"comma", "break", "and"} and not item.depth:
            return False
    return False


def _stands_alone(
    scan: Scanner, kept: list[Item], start: int, comma: Item, items: list[Item], place: int
) -> bool:
    """Words before a comma are a metric without a number when a whole target follows: "Better retention, 30%
    adoption", but not "In Europe, 20% of users"."""
    if _has_value(kept) or not _value_follows(items, place) or comma.start - start < 2:
        return False
    return scan.word(start, "adverbial") is None and not kept


def _label_in(scan: Scanner, clause: _Clause) -> Item | None:
    """The colon of "Page load: < 2 s"."""
    for item in clause.items:
        if item.kind in _COUNTED:
            return None
        if item.kind == "colon" and item.start > clause.start:
            return item
    return None


# ---- One clause ---------------------------------------------------------------------------------------


def _specs(scan: Scanner, clause: _Clause, label: str, *, kind: Kind) -> list[TargetSpec]:
    main = _main(clause)
    named_kind = clause.first("kind", "kind_after")
    own_kind = cast(Kind, named_kind.meaning) if named_kind else kind
    if main is None:
        share = clause.first("share", "window")
        if share and share.value is not None and (share.kind == "share" or share.days is None or label):
            main = _as_value(share)
        else:
            text = clean(scan.slice(clause.start, clause.end))
            return [TargetSpec(metric=(label or text)[:MAX_METRIC], kind=own_kind)] if text else []
    covered = [
        item for item in clause.items if item.kind not in {"name", "comma", "and", "colon", "relation"}
    ]
    covered = [
        item
        for item in covered
        if (item.kind not in _COUNTED or item.start == main.start)
        and (item.kind != "comparator" or _is_of(item, main))
    ]
    relation, words = _relation(scan, clause, main)
    covered += words
    if main.kind in {"share", "window"}:
        covered = [item for item in covered if item.start != main.start] + [main]
    metric = metric_name(scan, clause.start, clause.end, clause.items, main, covered, label)
    if label and (not metric or generic(metric, scan.vocab)):
        metric = label
    if relation == "absolute" and main.unit in {"%", "x"} and label and not words:
        relation = _relation_of_name(scan, metric if metric == label else "")
    window, percentile, armed = (
        clause.first("window"),
        clause.first("percentile", "share"),
        clause.first("armed"),
    )
    lower = relation == "absolute" and _lower_is_better(scan, metric or label, main.unit)
    value, unit = main.value if main.value is not None else Decimal(0), main.unit
    if main.high is not None and main.kind == "value" and lower:
        value = main.high
    comparator = _comparator(clause, main, own_kind, lower, relation)
    percent = percentile.days if percentile and percentile.start != main.start else None
    spec = TargetSpec(
        metric=metric[:MAX_METRIC],
        comparator=comparator,
        value=abs(value) if relation != "absolute" else value,
        unit=unit,
        relation=relation,
        window_days=window.days if window and window.start != main.start else None,
        percentile=percent,
        armed_after_days=armed.days if armed else None,
        kind=own_kind,
    )
    if main.kind == "change" and main.high is not None:
        baseline = replace(spec, comparator="eq", value=main.high, kind="baseline", window_days=None)
        return [spec, baseline]
    return [spec]


def _as_value(item: Item) -> Item:
    """A share or a time span that is all a clause has becomes its number: "within 4 hours"."""
    units = {"hour": "h", "minute": "min", "second": "s", "day": "d", "business_day": "bd"}
    unit = "%" if item.kind == "share" else units.get(item.meaning, item.meaning)
    return Item(item.kind, item.start, item.end, "le" if item.kind == "window" else "", item.value, unit)


def _is_of(comparator: Item, main: Item) -> bool:
    """Whether a comparator stands right in front of the number or right behind it."""
    return comparator.end == main.start or 0 <= comparator.start - main.end <= 2


def _main(clause: _Clause) -> Item | None:
    """The number that is the target: one with a comparator, else a percent, else the first with a unit."""
    values = [item for item in clause.items if item.kind in _COUNTED]
    if not values:
        return None
    compared = {item.end for item in clause.items if item.kind == "comparator"}
    outside = [item for item in values if not item.depth] or values
    for test in (
        lambda item: item.kind == "change",
        # "80% of tickets answered in under 4 hours" aims at the 80%.
        lambda item: item.unit == "%" and item.start == clause.start,
        lambda item: item.start in compared,
        lambda item: item.unit == "%",
        lambda item: item.unit is not None,
    ):
        for item in outside:
            if test(item):
                return item
    return outside[0]


def _relation(scan: Scanner, clause: _Clause, main: Item) -> tuple[Relation, list[Item]]:
    """Increase or decrease, and the words that say so."""
    if main.kind == "factor":
        return cast(Relation, main.meaning), [item for item in _relations(clause) if item.end == main.start]
    if main.meaning in {"increase", "decrease"} and main.kind == "value":
        return cast(Relation, main.meaning), [item for item in _relations(clause) if item.start == main.end]
    if main.kind in {"change", "share", "window"}:
        return "absolute", [item for item in _relations(clause) if item.end <= main.start]
    relative = main.unit in {"%", "x", "pp", "points"}
    against = scan.word(main.end, "kind") if main.unit in {"x", "%"} else None
    if main.unit == "x" and against and against[0] == "baseline":
        return "increase", [Item("relation", main.end, against[1], "increase")]
    comparators = [item for item in clause.items if item.kind == "comparator" and item.end == main.start]
    lead = comparators[0].start if comparators else main.start
    last = clause.items[-1]
    if last.end == clause.end and relative and scan.word(last.start, "relation_after"):
        return cast(Relation, last.meaning), [last]
    for item in _relations(clause):
        if 0 <= item.start - main.end <= 1 and (relative or item.start == main.end):
            between = [other for other in clause.items if other.start == main.end and other is not item]
            if item.start == main.end or between:
                return cast(Relation, item.meaning), [item]
    by = scan.word(lead - 1, "separator") if lead > clause.start else None
    if (by and by[0] == "by") or _by_is_inside(scan, lead, clause):
        for item in reversed(_relations(clause)):
            if item.end <= lead:
                return cast(Relation, item.meaning), [item]
    to = scan.word(lead - 1, "separator") if lead > clause.start else None
    for item in _relations(clause):
        if item.end <= lead and ((to and to[0] == "to") or (item.start == clause.start and item.end < lead)):
            return "absolute", [item] if item.start == clause.start else []
        if item.end == lead and relative:
            return cast(Relation, item.meaning), [item]
    return "absolute", []


def _by_is_inside(scan: Scanner, lead: int, clause: _Clause) -> bool:
    """ "by at least 20%", "by 20%": the word may stand one token earlier."""
    for back in (2, 3, 4):
        if lead - back >= clause.start:
            found = scan.word(lead - back, "separator")
            if found and found[0] == "by" and found[1] == lead:
                return True
    return False


def _relations(clause: _Clause) -> list[Item]:
    return [item for item in clause.items if item.kind == "relation"]


def _relation_of_name(scan: Scanner, name: str) -> Relation:
    """ "Ticket reduction: 40%" is a reduction by 40%."""
    words = Scanner(name, scan.vocab)
    for at in range(max(0, len(words) - 2), len(words)):
        found = words.word(at, "relation_noun")
        if found and found[1] == len(words):
            return cast(Relation, found[0])
    return "absolute"


def _comparator(clause: _Clause, main: Item, kind: Kind, lower: bool, relation: Relation) -> Comparator:
    if main.kind == "change":
        if main.meaning:
            return cast(Comparator, main.meaning)
        return "ge" if (main.value or 0) >= (main.high or 0) else "le"
    numbers = {item.start for item in clause.items if item.kind in _COUNTED and item.start != main.start}
    said = [
        item.meaning
        for item in clause.items
        if item.kind == "comparator" and _is_of(item, main) and item.end not in numbers
    ]
    if said:
        # "stays at 4.6 or better": what stands behind the number says more than "at".
        return cast(Comparator, next((meaning for meaning in said if meaning != "eq"), "eq"))
    if main.meaning == "plus":
        return "ge"
    if main.meaning == "le":
        return "le"
    if main.meaning == "zero" or (main.value == 0 and main.unit is None) or kind == "baseline":
        return "eq"
    if kind in {"alert", "rollback"}:
        return "ge" if lower or relation == "increase" else "le"
    return "le" if lower else "ge"


def _lower_is_better(scan: Scanner, metric: str, unit: str | None) -> bool:
    words = Scanner(metric, scan.vocab)
    # "Install time" in minutes: what takes time should take less, unless people are to spend it.
    lower = unit in _TIME_UNITS and any(words.word(at, "time_taken") is not None for at in range(len(words)))
    for at in range(len(words)):
        # "First response within 1 hour: 90%" is a share of cases that keep to a limit.
        if words.word(at, "not_lower") or (unit == "%" and words.word(at, "comparator")):
            return False
        lower = lower or words.word(at, "lower") is not None
    return lower


def _clean_end(text: str) -> str:
    return text.strip().strip(",;|").strip()
