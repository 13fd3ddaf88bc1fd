"""The field "targets" of metrics, phases and segments: written one a line, stored as `Target` rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.core.vocabulary import load
from apps.launches.kinds import Kind
from apps.launches.models import LaunchRecord
from apps.metrics.models import Metric, Target
from apps.metrics.targets import parse_targets

# The names the plan reader gives a target's parts (see docs/plan-format.md).
PARTS = ("comparator", "value", "unit", "relation", "window_days", "percentile", "armed_after_days")
MAX_TARGETS = 50


def as_json(target: Target) -> dict[str, Any]:
    """A target as the plan reader gives it; `value` is decimal text without trailing zeros."""
    return {
        "metric": target.name,
        "comparator": target.comparator or None,
        "value": None if target.value is None else f"{target.value.normalize():f}",
        "unit": target.unit or None,
        "relation": target.relation,
        "window_days": target.window_days,
        "percentile": target.percentile,
        "armed_after_days": target.armed_after_days,
        "text": target.text,
        "kind": target.kind,
    }


def metric_named(record: LaunchRecord, name: str) -> Metric:
    """The launch's metric of this name, made (unlisted) when it has none. A KPI row is its own metric
    unless an earlier one already measures the same."""
    found = (
        Metric.objects.filter(launch=record.launch_id, measure__iexact=name).order_by("-listed", "pk").first()
    )
    return found if found is not None else _new_metric(record, name)


def _new_metric(record: LaunchRecord, name: str) -> Metric:
    if isinstance(record, Metric) and not record.measure:
        Metric.objects.filter(pk=record.pk).update(measure=name)
        record.measure = name
        return record
    return Metric.objects.create(launch=record.launch, title=name or record.title, measure=name, listed=False)


class KnownMetrics:
    """`metric_named` for many records of one launch: looks the launch's metrics up once."""

    def __init__(self, launch_id: int) -> None:
        self.by_measure: dict[str, Metric] = {}
        for metric in Metric.objects.filter(launch=launch_id).exclude(measure="").order_by("listed", "-pk"):
            self.by_measure[metric.measure.lower()] = metric

    def __call__(self, record: LaunchRecord, name: str) -> Metric:
        found = self.by_measure.get(name.lower())
        if found is None:
            found = self.by_measure[name.lower()] = _new_metric(record, name)
        return found


def build(
    record: LaunchRecord, values: Any, named: Callable[[LaunchRecord, str], Metric] = metric_named
) -> list[Target]:
    """Unsaved targets from their JSON. Raises `Invalid` naming the part at fault."""
    if not isinstance(values, list) or len(values) > MAX_TARGETS:
        raise Invalid(f"Targets are a list of at most {MAX_TARGETS}.", field="targets")
    targets = []
    for position, value in enumerate(values):
        if not isinstance(value, dict):
            raise Invalid("Each target is an object with metric, comparator and value.", field="targets")
        try:
            number = None if value.get("value") is None else Decimal(str(value["value"]))
        except InvalidOperation:
            raise Invalid(f"“{str(value['value'])[:40]}” is not a number.", field="targets") from None
        if number is not None and (not number.is_finite() or abs(number) >= Decimal(10) ** 15):
            raise Invalid("A target's value is a number below a quadrillion.", field="targets")
        comparator = value.get("comparator") or ""
        if comparator and comparator not in Target.Comparator.values:
            raise Invalid("A comparator is one of lt, le, eq, ge, gt.", field="targets")
        relation = value.get("relation") or "absolute"
        if relation not in Target.Relation.values:
            raise Invalid("A relation is one of absolute, increase, decrease.", field="targets")
        for name in ("window_days", "percentile", "armed_after_days"):
            part = value.get(name)
            if part is not None and (
                not isinstance(part, int) or isinstance(part, bool) or not 0 <= part <= 3660
            ):
                raise Invalid(f"{name} is a whole number of at most 3660.", field="targets")
        percentile = value.get("percentile")
        if percentile is not None and not 1 <= percentile <= 100:
            raise Invalid("A percentile lies between 1 and 100.", field="targets")
        kind = value.get("kind") or "target"
        if kind not in Target.Kind.values:
            raise Invalid(f"A target's kind is one of {', '.join(Target.Kind.values)}.", field="targets")
        if number is not None and not comparator:
            raise Invalid("A target with a value says how to compare: lt, le, eq, ge or gt.", field="targets")
        for part, most in (("metric", 300), ("unit", 40), ("text", 2000)):
            said = value.get(part)
            if said is not None and (not isinstance(said, str) or len(said) > most or "\x00" in said):
                raise Invalid(f"A target's {part} is text of at most {most} characters.", field="targets")
        name = (value.get("metric") or "").strip()
        targets.append(
            Target(
                metric=named(record, name or record.title[:300]),
                position=position,
                kind=kind,
                name=name,
                comparator=comparator,
                value=number,
                unit=value.get("unit") or "",
                relation=relation,
                window_days=value.get("window_days"),
                percentile=percentile,
                armed_after_days=value.get("armed_after_days"),
                text=value.get("text") or "",
            )
        )
    return targets


TARGET_JSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "metric": {"type": "string", "maxLength": 300},
        "comparator": {"enum": [*Target.Comparator.values, None]},
        "value": {"type": ["string", "number", "null"], "description": "A decimal; answers give it as text."},
        "unit": {"type": ["string", "null"], "maxLength": 40},
        "relation": {"enum": Target.Relation.values},
        "window_days": {"type": ["integer", "null"], "minimum": 0, "maximum": 3660},
        "percentile": {"type": ["integer", "null"], "minimum": 1, "maximum": 100},
        "armed_after_days": {"type": ["integer", "null"], "minimum": 0, "maximum": 3660},
        "text": {"type": "string", "maxLength": 2000},
        "kind": {"enum": Target.Kind.values},
    },
    "additionalProperties": False,
}


class TargetsFacet:
    """What a record aims at. JSON is a list as in docs/plan-format.md."""

    name = "targets"
    label = "Targets"
    help_text = "One a line, for example: <2s page load time for 95% of users"
    multiline = True
    json_schema: ClassVar[Mapping[str, Any]] = {"type": "array", "items": TARGET_JSON}
    accepted_schema: ClassVar[Mapping[str, Any]] = {
        "description": "Text, one target a line; or a list of such lines or objects.",
        "anyOf": [
            {"type": "string", "maxLength": 10_000, "examples": ["<2s page load time for 95% of users"]},
            {
                "type": "array",
                "maxItems": MAX_TARGETS,
                "items": {"anyOf": [{"type": "string", "maxLength": 2000}, TARGET_JSON]},
            },
            {"type": "null"},
        ],
    }
    consequence_name = ""
    consequence_schema: ClassVar[Mapping[str, Any]] = {}
    owner_fields: ClassVar[dict[str, str]] = {"kpi": "kpi", "phase": "phase", "segment": "segment"}

    def _of(self, records: Sequence[LaunchRecord]) -> dict[int, list[Target]]:
        field = self.owner_fields[records[0].kind]
        found: dict[int, list[Target]] = defaultdict(list)
        for target in Target.objects.filter(**{f"{field}__in": [record.pk for record in records]}):
            found[getattr(target, f"{field}_id")].append(target)
        return found

    def prefetch(self, records: Sequence[LaunchRecord]) -> None:
        if not records:
            return
        found = self._of(records)
        for record in records:
            record.__dict__["_targets"] = found.get(record.pk, [])

    def targets(self, record: LaunchRecord) -> list[Target]:
        if "_targets" not in record.__dict__:
            self.prefetch([record])
        return list(record.__dict__["_targets"])

    def value(self, record: LaunchRecord) -> Any:
        return [as_json(target) for target in self.targets(record)]

    def written(self, record: LaunchRecord) -> str:
        return "\n".join(target.text or target.name for target in self.targets(record))

    def parse(self, text: str, record_kind: Kind) -> Any:
        if "\x00" in text or len(text) > 10_000:
            raise Invalid("Write targets in at most 10,000 characters.", field="targets")
        vocabulary = load("en")
        return [
            spec.to_json()
            for line in text.splitlines()
            if line.strip()
            for spec in parse_targets(line.strip()[:2000], vocab=vocabulary)
        ]

    def accept(self, value: Any, record_kind: Kind) -> Any:
        if value is None or isinstance(value, str):
            return self.parse(value or "", record_kind)
        if not isinstance(value, list):
            raise Invalid("Write targets as text, one a line, or as a list.", field="targets")
        accepted: list[Any] = []
        for item in value[: MAX_TARGETS + 1]:
            if isinstance(item, str):
                accepted.extend(self.parse(item, record_kind))
                continue
            unknown = sorted(set(item) - set(TARGET_JSON["properties"])) if isinstance(item, dict) else []
            if unknown:
                raise Invalid(f"A target has no part “{unknown[0][:60]}”.", field="targets")
            accepted.append(item)
        return accepted

    def consequence(self, record: LaunchRecord) -> Any:
        """Targets have none."""
        return None

    def tag(self, record: LaunchRecord) -> str:
        return ""

    def store(self, record: LaunchRecord, value: Any, *, actor: Actor) -> bool:
        new = build(record, value or [])
        old = self.value(record)
        if old == [as_json(target) for target in new]:
            return False
        self.replace(record, new)
        record.__dict__.pop("_targets", None)
        return True

    def store_many(self, records: Sequence[LaunchRecord], values: Sequence[Any], *, actor: Actor) -> None:
        if not any(values):
            return
        known = KnownMetrics(records[0].launch_id)
        built = [build(record, value or [], known) for record, value in zip(records, values, strict=True)]
        self.add_many(records, built)
        for record in records:
            record.__dict__.pop("_targets", None)

    def add_many(self, records: Sequence[LaunchRecord], targets: Sequence[list[Target]]) -> None:
        """Save the targets of new records. One statement."""
        field = self.owner_fields[records[0].kind]
        for record, own in zip(records, targets, strict=True):
            for target in own:
                setattr(target, f"{field}_id", record.pk)
        Target.objects.bulk_create([target for own in targets for target in own])

    def replace(self, record: LaunchRecord, targets: list[Target]) -> None:
        field = self.owner_fields[record.kind]
        Target.objects.filter(**{field: record.pk}).delete()
        for target in targets:
            setattr(target, f"{field}_id", record.pk)
        Target.objects.bulk_create(targets)

    def refresh(self, record: LaunchRecord) -> None:
        """Targets copy nothing from their record."""

    def remove(self, record: LaunchRecord) -> None:
        """Its own targets go with it by foreign key. A metric that others still aim at stays, unlisted."""
        if not isinstance(record, Metric):
            return
        others = Target.objects.filter(metric=record.pk).exclude(kpi=record.pk)
        if others.exists():
            heir = Metric.objects.create(
                launch=record.launch,
                title=record.title,
                measure=record.measure,
                unit=record.unit,
                listed=False,
            )
            others.update(metric=heir)


TARGETS = TargetsFacet()
