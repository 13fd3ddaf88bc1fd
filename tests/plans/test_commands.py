"""Importing and exporting on the command line, with their exit codes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.launches.models import Launch
from apps.plans.models import PlanDocument
from apps.plans.samples import SAMPLE
from tests.plans.worlds import World


def run(*args: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_a_dry_run_prints_the_reading_and_touches_no_database() -> None:
    # No database fixture: any query would fail this test.
    code, out, _ = run("import_plan", str(SAMPLE), "--dry-run", "--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) >= {
        "name", "launch_day", "launch_day_precision", "rollout_start", "counts", "coverage", "questions", "records",
    }  # fmt: skip
    assert (told["launch_day"], told["launch_day_precision"]) == ("2024-Q1", "quarter")
    assert told["counts"]["kpis"] == 12
    assert told["coverage"]["lost"] == 0


def test_a_dry_run_takes_answers_and_dates() -> None:
    _, out, _ = run(
        "import_plan", str(SAMPLE), "--dry-run", "--json", "--launch-day", "2026-03-04", "--accept-proposals"
    )
    told = json.loads(out)
    assert (told["launch_day"], told["rollout_start"]) == ("2026-03-04", "2026-03-04")


def test_open_questions_end_with_three_and_save_nothing(world: World) -> None:
    code, out, _ = run("import_plan", str(SAMPLE), "--json")
    assert code == 3
    assert {question["kind"] for question in json.loads(out)["questions"]} >= {"launch_day", "rollout_start"}
    code, _, err = run("import_plan", str(SAMPLE))
    assert code == 3
    assert "Which day is it?" in err
    assert not Launch.objects.exists()


def test_answers_from_a_file_open_the_way(world: World, tmp_path: Path) -> None:
    _, out, _ = run("import_plan", str(SAMPLE), "--json")
    answers = {q["id"]: q["proposed"] or "Olga" for q in json.loads(out)["questions"]}
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(answers))
    code, out, _ = run("import_plan", str(SAMPLE), "--answers", str(file), "--json", "--name", "Other name")
    assert code == 0
    assert json.loads(out)["slug"] == "other-name"


def test_dates_and_an_owner_may_be_given(world: World) -> None:
    code, _, _ = run(
        "import_plan", str(SAMPLE), "--accept-proposals", "--launch-day", "2026-03-04",
        "--rollout-start", "2026-03-09", "--owner", "ed@example.com",
    )  # fmt: skip
    launch = Launch.objects.get()
    assert code == 0
    assert (str(launch.launch_day), str(launch.rollout_start)) == ("2026-03-04", "2026-03-09")
    assert launch.owner == User.objects.get(email="ed@example.com")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xff\xfe#", "not_utf8"),
        (b"x" * (1024 * 1024 + 1), "too_large"),
        (b"a\x00b", "binary"),
    ],
)
def test_refusals_end_with_two_and_name_the_reason(
    world: World, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "plan.md"
    file.write_bytes(content)
    for extra in ([], ["--dry-run"]):
        ended, out, _ = run("import_plan", str(file), "--json", *extra)
        assert ended == 2
        assert set(json.loads(out)["error"]) == {"code", "message", "line"}
        assert json.loads(out)["error"]["code"] == code
    assert not PlanDocument.objects.exists()


def test_what_is_not_there_is_refused(world: World, tmp_path: Path) -> None:
    assert run("import_plan", str(tmp_path / "nothing.md"))[0] == 2
    assert run("import_plan", str(SAMPLE), "--into", "nothing", "--accept-proposals")[0] == 2
    with pytest.raises(CommandError):
        run("import_plan", str(SAMPLE), "--launch-day", "tomorrow")
    with pytest.raises(CommandError):
        run("import_plan", str(SAMPLE), "--owner", "nobody@example.com", "--accept-proposals")
    with pytest.raises(CommandError):
        run("export_plan", "nothing")


def test_export_gives_the_document_back(world: World, capfdbinary: Any) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    assert run("export_plan", launch.slug)[1] == SAMPLE.read_text(encoding="utf-8")
    world_text = run("export_plan", launch.slug, "--live")[1]
    assert world_text.startswith("# Larkspur")


def test_into_a_live_launch_tells_the_difference_and_applies_it(world: World, tmp_path: Path) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    file = tmp_path / "edited.md"
    file.write_text(SAMPLE.read_text(encoding="utf-8").replace("within 15 minutes", "within 20 minutes"))
    code, out, _ = run("import_plan", str(file), "--into", launch.slug, "--dry-run", "--json")
    assert code == 0
    assert any("15 minutes became 20 minutes" in change["text"] for change in json.loads(out)["changes"])
    assert run("export_plan", launch.slug)[1] == SAMPLE.read_text(encoding="utf-8")
    code, out, _ = run("import_plan", str(file), "--into", launch.slug, "--accept-proposals")
    assert code == 0
    assert run("export_plan", launch.slug)[1] == file.read_text()


def test_into_an_empty_launch_fills_it(world: World) -> None:
    from apps.launches.services.launch import create_launch

    launch = create_launch(actor=world.actor, name="Empty")
    code, _, _ = run("import_plan", str(SAMPLE), "--into", launch.slug, "--accept-proposals")
    assert code == 0
    assert PlanDocument.objects.get().launch == launch
