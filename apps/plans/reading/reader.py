"""Reading a plan from end to end: source, blocks, outline, recognise, extract, judge, sweep."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from apps.plans.reading import coverage, judgement, launch_dates, merging
from apps.plans.reading.blocks import Parsed, parse
from apps.plans.reading.drafts import Context
from apps.plans.reading.entries import Entry, fence_facts
from apps.plans.reading.extract import facts
from apps.plans.reading.extract.dispatch import Dispatch
from apps.plans.reading.metric_names import unify
from apps.plans.reading.model import Coverage, Reading, Record
from apps.plans.reading.outline import Section, outline
from apps.plans.reading.pieces import split_label, whole
from apps.plans.reading.recognise import recognise
from apps.plans.reading.source import load
from apps.plans.reading.wording import detect_language, wording

# Labels looked at to tell the language; a plan tells it in far fewer.
_SAMPLE = 300
_SAMPLE_TEXT = 6000


def read_plan(source: str | bytes, *, answers: Mapping[str, str] | None = None) -> Reading:
    """Read a launch plan. `answers` maps question ids to answers; raises only `PlanError`."""
    with _collector_at_rest():
        return _read(source, answers or {})


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection while a plan is read: a large one makes half a million objects that all stay in
    use until the end, and going through them again and again took a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(source: str | bytes, answers: Mapping[str, str]) -> Reading:
    parsed = parse(load(source))
    root = outline(parsed.blocks)
    sections = root.walk()
    words = wording(_language(parsed, sections))
    context = Context(parsed.source, words, answers)
    title_section = judgement.document_title(root, words)
    title = title_section.text if title_section else ""
    context.year = judgement.year_said(parsed.source.text, title)
    context.grammars.order_dates(judgement.date_order(parsed.source.text))
    context.grammars.t_unit = judgement.t_unit(context, parsed.source.text)
    roles = recognise(root, words)
    if parsed.front:
        _front_matter(context, parsed)
    Dispatch(context, roles).run(root)
    if not any(record.fields.get("key") == "launch_date" for record in context.records):
        facts.launch_sentence(context, parsed.blocks[:60], coverage.places_of(root))
    merging.merge(context)
    merging.split(context)
    plan = judgement.is_plan(root, context.records, words, parsed.source.text)
    name, launch, precision, rollout = "", None, None, None
    if plan:
        merging.settle_schemes(context, sections)
        name = judgement.plan_name(context.records, root, words, parsed.source.text)
        launch, precision = launch_dates.launch_day(context, context.records, title)
        rollout = launch_dates.rollout_start(context, context.records, launch)
        unify(context.records, words)
    else:
        context.records.clear()
        context.parents.clear()
        context.questions.clear()
    coverage.keep_unread(parsed, context.records)
    records = _in_order(context, coverage.sweep(parsed, root, context.records))
    places = {id(record): index for index, record in enumerate(records)}
    for record in records:
        owner = context.parents.get(id(record))
        record.parent = places.get(id(owner)) if owner is not None else None
    questions = [question.settle(places) for question in context.questions]
    questions.sort(key=lambda question: question.line)
    return Reading(
        name=name,
        language=words.language,
        is_plan=plan,
        launch_day=launch,
        launch_day_precision=precision,
        rollout_start=rollout,
        records=records,
        questions=questions,
        coverage=_count(parsed, records),
        lines=parsed.source.raw,
        sections=[_place(section, roles[section.index].kind) for section in sections],
        bom=parsed.source.bom,
    )


def _count(parsed: Parsed, records: list[Record]) -> Coverage:
    return coverage.count(parsed, records)


def _language(parsed: Parsed, sections: list[Section]) -> str:
    labels: list[str] = []
    for block in parsed.blocks[: 4 * _SAMPLE]:
        if block.kind in ("item", "paragraph"):
            label, _ = split_label(whole(block))
            if label is not None:
                labels.append(label.clean)
        elif block.kind == "header":
            labels.extend(block.text[start:end] for start, end in block.cells)
        if len(labels) >= _SAMPLE:
            break
    headings = (section.text for section in sections[:_SAMPLE] if section.heading)
    return detect_language(headings, labels, parsed.source.text[:_SAMPLE_TEXT])


def _front_matter(context: Context, parsed: Parsed) -> None:
    block = parsed.blocks[0]
    piece = whole(block)
    entry = Entry("fence", block, piece, None, piece, block.first, block.last)
    facts.extract(context, [fact for fact in fence_facts(entry, context.source) if fact.label is not None])


def _in_order(context: Context, kept: list[Record]) -> list[Record]:
    records = context.records + kept
    order = {id(record): index for index, record in enumerate(records)}
    records.sort(key=lambda record: (record.lines[0], order[id(record)]))
    for index, record in enumerate(records, start=1):
        record.key = f"b{index}"
    return records


def _place(section: Section, role: str) -> dict[str, object]:
    """A section as the writer needs it."""
    return {
        "index": section.index,
        "level": section.level,
        "role": role,
        "title": section.text,
        "first": section.heading.first if section.heading else 0,
        "last": section.last,
        "parent": section.parent.index if section.parent else None,
    }
