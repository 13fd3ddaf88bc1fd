"""Launch plans of invented companies are read as a careful person would read them.

Each `corpus/NAME.md` stands beside a `NAME.json` that says what must be found:
`counts` (of the kinds it names), `percents`, `deadlines`, `questions` (kinds that must be asked), `targets`,
`whens` and `fields` (of the record of that kind whose title holds `title`), `no_targets`, `no_when`,
`not_titles`. Whatever is not named is free.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from apps.plans.reading import PlanError, Reading, Record, read_plan
from apps.plans.writing import Layout, live_records, write_plan

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.md"))
_READINGS: dict[str, Reading] = {}


def source(name: str) -> bytes:
    return (CORPUS / f"{name}.md").read_bytes()


def reading(name: str) -> Reading:
    if name not in _READINGS:
        _READINGS[name] = read_plan(source(name))
    return _READINGS[name]


def expected(name: str) -> dict[str, Any]:
    values = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(values, dict)
    return values


def titled(name: str, wanted: dict[str, Any]) -> Record:
    title = wanted["title"].lower()
    found = [
        record
        for record in reading(name).records
        if record.kind == wanted["of"] and title in f"{record.title} {record.fields.get('text', '')}".lower()
    ]
    assert found, f"no {wanted['of']} called {wanted['title']!r}"
    return next((record for record in found if title in record.title.lower()), found[0])


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(NAMES) >= 22
    assert {path.stem for path in CORPUS.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost(name: str) -> None:
    found = reading(name)
    assert found.coverage.lost == 0
    assert found.coverage.typed + found.coverage.notes == found.coverage.source_blocks
    told = set()
    for record in found.records:
        for first, last in record.spans:
            told.update(range(first, last + 1))
    lines = source(name).decode().splitlines()
    assert [number for number, line in enumerate(lines, start=1) if line.strip() and number not in told] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_source_word_is_in_a_record_or_note(name: str) -> None:
    found = reading(name)
    told: set[str] = set()
    for record in found.records:
        told.update(_words(json.dumps(_texts(record), ensure_ascii=False)))
        # Labels, markup and numbers that became values are kept where the record's own lines are.
        for first, last in record.spans:
            told.update(_words("".join(found.lines[first - 1 : last])))
    assert set(_words(source(name).decode())) - told == set()


def _texts(record: Record) -> list[Any]:
    return [record.title, record.group, record.fields, dict(record.labels), dict(record.placeholders)]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


@pytest.mark.parametrize("name", NAMES)
def test_plan_name_day_and_language(name: str) -> None:
    found, wanted = reading(name), expected(name)
    assert found.is_plan == wanted.get("is_plan", True)
    for key in ("name", "language", "launch_day", "launch_day_precision"):
        if key in wanted:
            assert getattr(found, key) == wanted[key], key
    if "launch_day_in" in wanted:
        assert found.launch_day in wanted["launch_day_in"]


@pytest.mark.parametrize("name", NAMES)
def test_counts(name: str) -> None:
    wanted = expected(name).get("counts", {})
    found = reading(name).counts
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", [name for name in NAMES if not expected(name).get("is_plan", True)])
def test_what_is_no_plan_has_only_notes(name: str) -> None:
    assert [record.kind for record in reading(name).records if record.typed] == []
    assert reading(name).questions == []


@pytest.mark.parametrize("name", [name for name in NAMES if "percents" in expected(name)])
def test_percents(name: str) -> None:
    steps = [record for record in reading(name).records if record.kind == "rollout_step"]
    assert [float(step.fields["percent"]) for step in steps] == expected(name)["percents"]


@pytest.mark.parametrize("name", [name for name in NAMES if "deadlines" in expected(name)])
def test_deadlines(name: str) -> None:
    steps = [record for record in reading(name).records if record.kind == "rollback_step"]
    assert [step.fields["deadline_minutes"] for step in steps] == expected(name)["deadlines"]


@pytest.mark.parametrize("name", [name for name in NAMES if "questions" in expected(name)])
def test_questions(name: str) -> None:
    asked = {question.kind for question in reading(name).questions}
    assert set(expected(name)["questions"]) <= asked


def _cases(key: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}-{case['title']}")
        for name in NAMES
        for case in expected(name).get(key, [])
    ]


@pytest.mark.parametrize(("name", "wanted"), _cases("targets"))
def test_targets(name: str, wanted: dict[str, Any]) -> None:
    found = titled(name, wanted).fields["targets"]
    parts = {key: value for key, value in wanted.items() if key not in {"of", "title"}}
    assert any({key: target[key] for key in parts} == parts for target in found), found


@pytest.mark.parametrize(("name", "wanted"), _cases("no_targets"))
def test_placeholders_are_no_targets(name: str, wanted: dict[str, Any]) -> None:
    assert [target for target in titled(name, wanted).fields["targets"] if target["value"] is not None] == []


@pytest.mark.parametrize(("name", "wanted"), _cases("whens"))
def test_whens(name: str, wanted: dict[str, Any]) -> None:
    when = titled(name, wanted).fields[wanted.get("field", "when")]
    assert when is not None
    parts = {key: value for key, value in wanted.items() if key not in {"of", "title", "field"}}
    assert {key: when[key] for key in parts} == parts


@pytest.mark.parametrize(("name", "wanted"), _cases("no_when"))
def test_placeholders_are_no_times(name: str, wanted: dict[str, Any]) -> None:
    assert titled(name, wanted).fields["when"] is None


@pytest.mark.parametrize(("name", "wanted"), _cases("fields"))
def test_fields(name: str, wanted: dict[str, Any]) -> None:
    assert titled(name, wanted).fields[wanted["field"]] == wanted["is"]


@pytest.mark.parametrize("name", [name for name in NAMES if "not_titles" in expected(name)])
def test_headings_elsewhere_are_no_phases(name: str) -> None:
    phases = " ".join(record.title for record in reading(name).records if record.kind == "phase")
    assert [title for title in expected(name)["not_titles"] if title in phases] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_invented(name: str) -> None:
    """Every percent of a step and every number of a target stands in its source lines."""
    found = reading(name)
    text = source(name).decode()
    for record in found.records:
        if record.kind == "rollout_step":
            assert f"{record.fields['percent']:g}" in text.replace(",", ".")
        owner = record.fields.get("owner")
        if owner:
            assert str(owner).split()[0].strip("@") in text


@pytest.mark.parametrize("name", NAMES)
def test_reading_twice_gives_the_same(name: str) -> None:
    again = read_plan(source(name))
    assert [(r.kind, r.title, r.lines, r.fields) for r in again.records] == [
        (r.kind, r.title, r.lines, r.fields) for r in reading(name).records
    ]
    assert [question.id for question in again.questions] == [q.id for q in reading(name).questions]


@pytest.mark.parametrize("name", NAMES)
def test_writing_what_is_unchanged_gives_the_document_back(name: str) -> None:
    found = reading(name)
    assert write_plan(Layout.of(found), live_records(found)).encode() == source(name)


def test_a_text_is_read_like_its_bytes() -> None:
    name = NAMES[0]
    assert read_plan(source(name).decode()).counts == reading(name).counts


@pytest.mark.parametrize("data", [b"", b"   \n\n", b"\xff\xfe plan", b"a\x00b", b"# x\n" * 300_000])
def test_bad_input_is_refused_with_a_message(data: bytes) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan(data)
    assert caught.value.code
    assert len(caught.value.message) > 10
