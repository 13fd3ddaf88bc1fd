"""Remembering which fact of the document became which record, so that an export changes only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord
from apps.plans.mapping import overview
from apps.plans.mapping.outward import facts_of
from apps.plans.models import PlanDocument, PlanLink
from apps.plans.reading import Reading
from apps.plans.services.documents import ReadPlan
from apps.plans.services.snapshots import records_of_kinds, uid_of
from apps.plans.writing import Layout


def store_document(
    *,
    launch: Launch,
    plan: ReadPlan,
    made: Mapping[int, LaunchRecord],
    on_launch: Mapping[int, str],
    baselines: Mapping[int, Mapping[str, Any]] | None = None,
) -> PlanDocument:
    """Store (or replace) a launch's document and link its facts to the records they are.

    `made` and `on_launch` map the index of a fact to its record or to the launch's field. `baselines` says
    for some facts what counts as unchanged ("title" among the fields); else it is what is stored now.
    """
    reading = plan.reading
    document, created = PlanDocument.objects.get_or_create(
        launch=launch, defaults={"source": plan.source, "language": reading.language}
    )
    document.source = plan.source
    document.file_name = plan.file_name
    document.language = reading.language
    document.layout = Layout.of(reading).to_json()
    document.notes = notes_of(reading)
    coverage = reading.coverage
    document.coverage = {
        "source_blocks": coverage.source_blocks,
        "typed": coverage.typed,
        "notes": coverage.notes,
        "lost": coverage.lost,
    }
    document.answers = dict(plan.answers)
    document.version += 0 if created else 1
    document.save()
    if not created:
        document.links.all().delete()
    links = [
        PlanLink(
            document=document,
            key=reading.records[index].key,
            kind=record.kind,
            object_id=record.pk,
            title=title,
            fields=fields,
            answered=sorted(reading.records[index].as_read),
        )
        for index, record, title, fields in _with_facts(launch, made, baselines or {})
    ]
    links += [
        PlanLink(
            document=document,
            key=reading.records[index].key,
            kind="launch",
            object_id=launch.pk,
            title=key,
            fields={"value": _stated(plan, launch, index, key)},
        )
        for index, key in on_launch.items()
    ]
    PlanLink.objects.bulk_create(links)
    return document


def _with_facts(
    launch: Launch, made: Mapping[int, LaunchRecord], baselines: Mapping[int, Mapping[str, Any]]
) -> list[tuple[int, LaunchRecord, str, dict[str, Any]]]:
    """Each record with the title and fields that count as unchanged. Where no baseline says otherwise these
    are read back in a few queries, so that later comparisons compare like with like."""
    wanted = {record.kind for record in made.values()}
    stored = records_of_kinds(launch, [kind for kind in kinds.all_kinds() if kind.key in wanted])
    found = []
    for index, record in made.items():
        fields = dict(baselines[index] if index in baselines else facts_of(stored[uid_of(record)]))
        found.append((index, record, str(fields.pop("title", record.title)), fields))
    return found


def _stated(plan: ReadPlan, launch: Launch, index: int, key: str) -> str:
    """What the document says of the launch, in the words of `overview.launch_value`."""
    if key == "launch_date":
        return plan.stated or ""
    record = plan.reading.records[index]
    said = str(record.as_read.get("value", record.fields["value"]) or "")
    if key == "rollout_start":
        day, fuzzy = overview.exact_or_fuzzy(plan.reading.rollout_start)
        return day.isoformat() if day else fuzzy
    # A name that means a person reads as that person from now on, and "X launch plan" as X.
    if key == "owner" or (key == "name" and launch.name == overview.name_of(plan.reading)):
        return overview.launch_value(launch, key)
    return said


def notes_of(reading: Reading) -> list[dict[str, Any]]:
    """The blocks that stayed prose, each with its lines and the key of the Plan page's section it stands in."""
    sections = {section["index"]: section for section in reading.sections}
    filed: dict[int, str] = {}
    for record in reading.records:
        if record.typed and record.section is not None:
            filed.setdefault(record.section, kinds.get(record.kind).section)

    def place(index: int | None) -> str:
        while index is not None:
            if index in filed:
                return filed[index]
            index = sections[index]["parent"] if index in sections else None
        return "overview"

    notes = []
    for record in reading.records:
        text = str(record.fields.get("text") or "").strip()
        if record.kind != "note" or not any(ch.isalnum() for ch in text):
            continue
        section = sections.get(record.section) if record.section is not None else None
        notes.append(
            {
                "line": record.lines[0],
                "last": record.lines[1],
                "text": text,
                "section": place(record.section),
                "heading": str(section["title"]) if section else "",
            }
        )
    return notes
