"""How ready a launch is: the rules of `checking` over what is stored, each finding linked to its mending."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.urls import reverse

from apps.audience.selectors import reaches
from apps.content.models import CalendarItem
from apps.launches.models import Launch, Mitigation, Phase, Segment
from apps.metrics.models import Measurement, Metric, Target
from apps.plans.checking import (
    Check,
    CoverageFact,
    CriterionFact,
    EntryFact,
    Facts,
    MessageFact,
    MetricFact,
    PhaseFact,
    Place,
    SegmentFact,
    StepFact,
    TargetFact,
    check,
)
from apps.rollouts.models import RollbackCriterion, RolloutStep
from apps.support.models import SupportEntry


@dataclass(frozen=True)
class Finding:
    """Where a launch falls short. `rule` is the rule's stable id, `severity` bad or warn, `reason` a
    sentence, `place` the record's title, `url` the page where it is mended."""

    rule: str
    severity: str
    reason: str
    why: str
    place: str
    url: str


@dataclass(frozen=True)
class ReadinessCheck:
    """One rule over the launch: `label` says what holds when it passes; `findings` is empty then.
    `state` is ok, warn or bad; `good` of `total` are fine."""

    rule: str
    label: str
    state: str
    total: int
    good: int
    findings: tuple[Finding, ...]

    @property
    def url(self) -> str:
        """Where the first finding is mended; empty when there is none."""
        return self.findings[0].url if self.findings else ""


@dataclass(frozen=True)
class Readiness:
    """Every check that had something to look at, in a fixed order; failing ones carry findings."""

    checks: tuple[ReadinessCheck, ...]

    @property
    def findings(self) -> list[Finding]:
        return [finding for check in self.checks for finding in check.findings]

    @property
    def passed(self) -> int:
        return sum(not check.findings for check in self.checks)

    @property
    def total(self) -> int:
        return len(self.checks)

    @property
    def state(self) -> str:
        """ok, warn or bad: the worst of all checks."""
        states = {check.state for check in self.checks}
        return "bad" if "bad" in states else "warn" if "warn" in states else "ok"

    @property
    def blockers(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "bad"]


def readiness(launch: Launch) -> Readiness:
    """How ready a launch is. Nine queries whatever its size.

    Returns `Readiness(checks)` with `.passed`, `.total`, `.state` ("ok", "warn", "bad"), `.findings` and
    `.blockers`; each `ReadinessCheck` has `rule`, `label`, `state`, `good`, `total`, `url` and `findings`,
    each `Finding` has `rule`, `severity`, `reason`, `why`, `place` and `url`.
    """
    return Readiness(tuple(_told(launch, result) for result in check(facts_of(launch))))


def facts_of(launch: Launch) -> Facts:
    """What the rules look at. Nine queries."""
    facts = Facts(has_launch_day=launch.launch_day is not None)
    phases = list(
        Phase.objects.filter(launch=launch).values_list("pk", "title", "owner_id", "owner_name", "state")
    )
    order = {row[0]: index for index, row in enumerate(phases)}
    titles = {row[0]: row[1] for row in phases}
    facts.phases = [
        PhaseFact(pk, title, bool(owner or name))
        for pk, title, owner, name, state in phases
        if state != "finished"
    ]
    steps = RolloutStep.objects.filter(launch=launch).values_list("pk", "phase_id", "percent", "position")
    facts.steps = [
        StepFact(pk, titles.get(phase, ""), percent)
        for pk, phase, percent, _ in sorted(steps, key=lambda row: (order.get(row[1], 0), row[3], row[0]))
    ]
    facts.criteria = [
        CriterionFact(pk, title, bool(owner or name))
        for pk, title, owner, name in RollbackCriterion.objects.filter(launch=launch).values_list(
            "pk", "title", "owner_id", "owner_name"
        )
    ]
    facts.metrics = [
        MetricFact(pk, title, baseline, measured, listed)
        for pk, title, baseline, listed, measured in Metric.objects.filter(launch=launch)
        .annotate(measured=Exists(Measurement.objects.filter(metric=OuterRef("pk"))))
        .values_list("pk", "title", "baseline", "listed", "measured")
    ]
    facts.targets = _targets(launch)
    facts.entries = [
        EntryFact(pk, title, bool(owner or name or team), "" if alive in (None, True) else channel)
        for pk, title, owner, name, team, channel, alive in CalendarItem.objects.filter(launch=launch)
        .exclude(status__in=[CalendarItem.Status.PUBLISHED, CalendarItem.Status.CANCELLED])
        .values_list(
            "pk", "title", "owner_id", "owner_name", "team_id", "channel__title", "channel__in_service"
        )
    ]
    facts.support = [
        CoverageFact(*row)
        for row in SupportEntry.objects.filter(launch=launch).values_list("pk", "title", "coverage", "period")
    ]
    facts.messages = [
        MessageFact(pk, title, bool(message.strip()), approved)
        for pk, title, message, approved in Mitigation.objects.filter(launch=launch).values_list(
            "pk", "title", "prepared_message", "message_approved"
        )
    ]
    segments = list(Segment.objects.filter(launch=launch).values_list("pk", "title", "rule"))
    found = reaches(rule for _, _, rule in segments)
    facts.segments = [
        SegmentFact(pk, title, bool(rule.strip()), found.get(rule, 0)) for pk, title, rule in segments
    ]
    return facts


def _targets(launch: Launch) -> list[TargetFact]:
    rows = (
        Target.objects.filter(metric__launch=launch)
        .order_by("position", "pk")
        .values_list(
            "metric_id", "metric__title", "phase_id", "segment_id", "kpi_id", "criteria", "kind",
            "comparator", "value", "unit", "relation", "percentile", "text", "name",
        )
    )  # fmt: skip
    found = []
    for (
        metric,
        title,
        phase,
        segment,
        kpi,
        criterion,
        kind,
        comparator,
        value,
        unit,
        relation,
        pct,
        text,
        name,
    ) in rows:
        place = next(
            (
                Place(key, pk, text)
                for key, pk in (
                    ("phase", phase), ("segment", segment), ("kpi", kpi), ("rollback_criterion", criterion)
                )
                if pk
            ),
            Place("kpi", metric, title),
        )  # fmt: skip
        found.append(
            TargetFact(
                metric, name or title, place, kind, comparator, value, unit or "", relation, pct, text or name
            )
        )
    return found


def _told(launch: Launch, result: Check) -> ReadinessCheck:
    rule = result.rule
    findings = tuple(
        Finding(
            rule=rule.id,
            severity=rule.severity,
            reason=problem.reason,
            why=rule.why,
            place=problem.place.title,
            url=mending_url(launch, problem.place),
        )
        for problem in result.problems
    )
    return ReadinessCheck(
        rule=rule.id,
        label=rule.label,
        state=rule.severity if findings else "ok",
        total=result.total,
        good=max(result.total - len(findings), 0),
        findings=findings,
    )


def mending_url(launch: Launch, place: Place) -> str:
    """The page where a problem at this place is mended."""
    if place.kind == "launch":
        return reverse("launches:move", args=[launch.slug])
    if place.kind == "metric":
        return f"{reverse('launches:metrics', args=[launch.slug])}#metric-{place.pk}"
    if place.pk is None:
        return reverse("launches:record_add", args=[launch.slug, place.kind])
    return reverse("launches:record_edit", args=[launch.slug, place.kind, place.pk])
