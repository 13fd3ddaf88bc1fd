"""The rules a plan is checked by: each takes what was loaded of a launch and tells where it falls short."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Severity = Literal["bad", "warn"]


@dataclass(frozen=True)
class Place:
    """Where something is mended: a record, a kind to add one of (`pk` None), a metric without a row of its own
    ("metric"), or the launch ("launch")."""

    kind: str
    pk: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Problem:
    """One shortcoming. `reason` is a sentence for people."""

    reason: str
    place: Place


@dataclass(frozen=True)
class Rule:
    """A check by its stable id. `why` says what it protects from, `find` yields the problems,
    `total` counts what was looked at (for "3 of 4")."""

    id: str
    label: str
    why: str
    severity: Severity
    find: Callable[[Facts], Iterator[Problem]]
    total: Callable[[Facts], int]


@dataclass(frozen=True)
class PhaseFact:
    pk: int
    title: str
    owned: bool


@dataclass(frozen=True)
class StepFact:
    pk: int
    phase: str
    percent: Decimal


@dataclass(frozen=True)
class TargetFact:
    """A target with the place it stands in ("phase", "segment", "kpi", "rollback_criterion")."""

    metric_id: int
    metric: str
    place: Place
    kind: str
    comparator: str | None
    value: Decimal | None
    unit: str
    relation: str
    percentile: int | None
    text: str


@dataclass(frozen=True)
class MetricFact:
    pk: int
    title: str
    baseline: str
    measured: bool
    listed: bool


@dataclass(frozen=True)
class CriterionFact:
    pk: int
    title: str
    owned: bool


@dataclass(frozen=True)
class EntryFact:
    """An open calendar item; `dead_channel` names its channel if that is out of service."""

    pk: int
    title: str
    owned: bool
    dead_channel: str


@dataclass(frozen=True)
class CoverageFact:
    pk: int
    title: str
    coverage: str
    period: str


@dataclass(frozen=True)
class MessageFact:
    pk: int
    title: str
    written: bool
    approved: bool


@dataclass(frozen=True)
class SegmentFact:
    pk: int
    title: str
    has_rule: bool
    accounts: int = 0


@dataclass
class Facts:
    """Everything the rules look at, of one launch."""

    has_launch_day: bool
    phases: list[PhaseFact] = field(default_factory=list)
    steps: list[StepFact] = field(default_factory=list)
    targets: list[TargetFact] = field(default_factory=list)
    metrics: list[MetricFact] = field(default_factory=list)
    criteria: list[CriterionFact] = field(default_factory=list)
    entries: list[EntryFact] = field(default_factory=list)
    support: list[CoverageFact] = field(default_factory=list)
    messages: list[MessageFact] = field(default_factory=list)
    segments: list[SegmentFact] = field(default_factory=list)


def _targets_of(facts: Facts, kind: str) -> dict[int, list[TargetFact]]:
    found: dict[int, list[TargetFact]] = defaultdict(list)
    for target in facts.targets:
        if target.place.kind == kind and target.place.pk is not None:
            found[target.place.pk].append(target)
    return found


def _no_launch_day(facts: Facts) -> Iterator[Problem]:
    if not facts.has_launch_day:
        yield Problem("No launch day is set, so nothing that counts from it has a date.", Place("launch"))


def _relative_metrics(facts: Facts) -> list[MetricFact]:
    wanted = {target.metric_id for target in facts.targets if target.relation != "absolute"}
    return [metric for metric in facts.metrics if metric.pk in wanted]


def _no_baseline(facts: Facts) -> Iterator[Problem]:
    for metric in _relative_metrics(facts):
        if not metric.baseline:
            yield Problem(
                f"“{metric.title}” is to change by some percent, but of what? It has no baseline.",
                Place("kpi" if metric.listed else "metric", metric.pk, metric.title),
            )


def _unmeasured_criterion(facts: Facts) -> Iterator[Problem]:
    measured = {metric.pk for metric in facts.metrics if metric.measured}
    targets = _targets_of(facts, "rollback_criterion")
    for criterion in facts.criteria:
        own = targets.get(criterion.pk, [])
        if own and not any(target.metric_id in measured for target in own):
            yield Problem(
                f"“{criterion.title}” cannot trip: nobody has measured {own[0].metric or 'it'} yet.",
                Place("rollback_criterion", criterion.pk, criterion.title),
            )


def _prose_criterion(facts: Facts) -> Iterator[Problem]:
    targets = _targets_of(facts, "rollback_criterion")
    for criterion in facts.criteria:
        numbers = [target for target in targets.get(criterion.pk, []) if target.value is not None]
        if not numbers and not criterion.owned:
            yield Problem(
                f"“{criterion.title}” is words only: give it a number, or an owner who confirms it.",
                Place("rollback_criterion", criterion.pk, criterion.title),
            )


def _contradictions(facts: Facts) -> Iterator[Problem]:
    same: dict[tuple[int, str, str, int | None], list[TargetFact]] = defaultdict(list)
    for target in facts.targets:
        if target.value is not None and target.comparator:
            same[(target.metric_id, target.unit, target.relation, target.percentile)].append(target)
    for group in same.values():
        rollbacks = [target for target in group if _is_rollback(target)]
        aims = [
            target for target in group if target.kind in ("target", "stretch") and not _is_rollback(target)
        ]
        for index, first in enumerate(aims):
            for second in aims[index + 1 :]:
                if not _possible_together(first, second):
                    yield Problem(
                        f"“{first.text}” and “{second.text}” cannot both be reached ({first.metric}).",
                        second.place,
                    )
        for aim in aims:
            for rollback in rollbacks:
                if _trips_while_met(aim, rollback):
                    yield Problem(
                        f"“{aim.text}” can be met while “{rollback.text}” calls for a rollback.",
                        rollback.place,
                    )


def _is_rollback(target: TargetFact) -> bool:
    return target.kind == "rollback" or target.place.kind == "rollback_criterion"


_BELOW, _ABOVE = frozenset({"lt", "le"}), frozenset({"gt", "ge"})


def _possible_together(first: TargetFact, second: TargetFact) -> bool:
    """Whether some value meets both."""
    low: Decimal | None = None
    high: Decimal | None = None
    strict = False
    for target in (first, second):
        assert target.value is not None
        if target.comparator in _ABOVE or target.comparator == "eq":
            low = target.value if low is None else max(low, target.value)
        if target.comparator in _BELOW or target.comparator == "eq":
            high = target.value if high is None else min(high, target.value)
        strict = strict or target.comparator in ("lt", "gt")
    if low is None or high is None:
        return True
    return low < high or (low == high and not strict)


def _trips_while_met(aim: TargetFact, rollback: TargetFact) -> bool:
    """Whether a value that meets the aim trips the rollback although both look in opposite directions."""
    assert aim.value is not None
    assert rollback.value is not None
    if aim.comparator in _BELOW and rollback.comparator in _ABOVE:
        return rollback.value < aim.value
    if aim.comparator in _ABOVE and rollback.comparator in _BELOW:
        return rollback.value > aim.value
    return False


def _phase_owner(facts: Facts) -> Iterator[Problem]:
    for phase in facts.phases:
        if not phase.owned:
            yield Problem(f"“{phase.title}” has no owner.", Place("phase", phase.pk, phase.title))


def _entry_owner(facts: Facts) -> Iterator[Problem]:
    for entry in facts.entries:
        if not entry.owned:
            yield Problem(f"“{entry.title}” has no owner.", Place("calendar_entry", entry.pk, entry.title))


def _dead_channel(facts: Facts) -> Iterator[Problem]:
    for entry in facts.entries:
        if entry.dead_channel:
            yield Problem(
                f"“{entry.title}” goes out through “{entry.dead_channel}”, which is out of service.",
                Place("calendar_entry", entry.pk, entry.title),
            )


_ROUND_THE_CLOCK = re.compile(r"24\s*[/x×]\s*7|24\s*h|around the clock|round the clock|rund um die uhr", re.I)
_OTHER_WEEK = re.compile(r"week\s*[+-]?\s*[1-9]|month|quarter|first\s+\d+\s+days", re.I)


def _on_call_gap(facts: Facts) -> Iterator[Problem]:
    in_launch_week = [
        entry
        for entry in facts.support
        if entry.coverage and ("launch" in entry.period.lower() or not _OTHER_WEEK.search(entry.period))
    ]
    if any(_ROUND_THE_CLOCK.search(entry.coverage) for entry in in_launch_week):
        return
    if in_launch_week:
        first = in_launch_week[0]
        yield Problem(
            f"In launch week somebody is there only “{first.coverage}”; the rest of the time nobody is on call.",
            Place("support", first.pk, first.title),
        )
    else:
        yield Problem("Nobody is said to be on call in launch week.", Place("support"))


def _rollback_message(facts: Facts) -> Iterator[Problem]:
    written = [message for message in facts.messages if message.written]
    if not written:
        yield Problem("No message is prepared for a rollback.", Place("mitigation"))
    elif not any(message.approved for message in written):
        first = written[0]
        yield Problem(
            f"The message prepared in “{first.title}” is not approved yet.",
            Place("mitigation", first.pk, first.title),
        )


def _segment_accounts(facts: Facts) -> Iterator[Problem]:
    for segment in facts.segments:
        if not segment.has_rule:
            yield Problem(
                f"“{segment.title}” has no audience rule, so no account belongs to it.",
                Place("segment", segment.pk, segment.title),
            )
        elif not segment.accounts:
            yield Problem(
                f"No account fits the audience rule of “{segment.title}”.",
                Place("segment", segment.pk, segment.title),
            )


def _percent_falls(facts: Facts) -> Iterator[Problem]:
    for before, step in zip(facts.steps, facts.steps[1:], strict=False):
        if step.percent <= before.percent:
            yield Problem(
                f"In “{step.phase}” the rollout goes from {before.percent.normalize():f}% to "
                f"{step.percent.normalize():f}%: it should rise.",
                Place("rollout_step", step.pk, f"{step.percent.normalize():f}%"),
            )


def _count(name: str) -> Callable[[Facts], int]:
    def count(facts: Facts) -> int:
        rows: Sequence[object] = getattr(facts, name)
        return len(rows)

    return count


def _one(_facts: Facts) -> int:
    return 1


RULES: tuple[Rule, ...] = (
    Rule("launch-day", "Launch day is set", "Relative dates hang on it.", "warn", _no_launch_day, _one),
    Rule(
        "phase-owner", "Every phase has an owner", "Somebody must decide to go on.", "warn",
        _phase_owner, _count("phases"),
    ),
    Rule(
        "percent-rises", "The rollout only rises", "A step back would take the thing away from people.", "bad",
        _percent_falls, _count("steps"),
    ),
    Rule(
        "calendar-owner", "Every calendar item has an owner", "What nobody owns is not done.", "warn",
        _entry_owner, _count("entries"),
    ),
    Rule(
        "calendar-channel", "Every channel works", "An item cannot go out through a channel out of service.",
        "bad", _dead_channel, _count("entries"),
    ),
    Rule(
        "metric-baseline", "Every relative metric has a baseline",
        "A change can only be told against a value frozen before.", "warn", _no_baseline,
        lambda facts: len(_relative_metrics(facts)),
    ),
    Rule(
        "targets-agree", "Targets agree", "Two targets that exclude each other decide nothing.", "bad",
        _contradictions, _count("targets"),
    ),
    Rule(
        "criterion-measured", "Every rollback criterion is measured",
        "A limit that nobody watches protects nobody.", "bad", _unmeasured_criterion,
        lambda facts: len(_targets_of(facts, "rollback_criterion")),
    ),
    Rule(
        "criterion-precise", "Every rollback criterion can be decided",
        "In the night of the incident there is no time to argue about words.", "warn", _prose_criterion,
        _count("criteria"),
    ),
    Rule(
        "rollback-message", "A rollback message is prepared and approved",
        "It is sent within minutes, so it is written before.", "bad", _rollback_message, _one,
    ),
    Rule(
        "on-call", "On-call covers launch week", "Most incidents come with the first users.", "bad",
        _on_call_gap, _one,
    ),
    Rule(
        "segment-accounts", "Every segment has accounts", "A segment without a rule reaches nobody.", "warn",
        _segment_accounts, _count("segments"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One rule's result over a launch. Rules that had nothing to look at are left out."""

    rule: Rule
    total: int
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def check(facts: Facts) -> list[Check]:
    """Every rule that has something to look at, in the order of RULES."""
    results = []
    for rule in RULES:
        total = rule.total(facts)
        if total:
            results.append(Check(rule, total, tuple(rule.find(facts))))
    return results
