"""`manage.py move_launch`: the same move as on the page, with exit codes; nothing on a dry run."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.schedule.models import Move
from tests.schedule.linked import link
from tests.schedule.test_dependencies import day, item
from tests.schedule.worlds import Calendar, relative


def run(calendar: Calendar, *args: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("move_launch", calendar.launch.slug, *args, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_launch_day_moves_with_everything(calendar: Calendar) -> None:
    own = item(calendar, 1, "Mine")
    to = str(day(7))
    code, out, _ = run(calendar, "--to", to, "--dry-run")
    assert code == 0
    assert out.splitlines() == [
        "Mine: Wed 25 Nov 2026 to Wed 2 Dec 2026",
        "Launch day would move to 2026-12-01, 1 thing with it; 0 stay.",
    ]
    assert not Move.objects.exists()
    assert run(calendar, "--to", to, "--reason", "The fair")[0] == 0
    assert calendar.placement(own).starts_on == day(8)
    assert Move.objects.get().reason == "The fair"


def test_one_item_and_a_phase_move_by_id_and_json_tells_all(calendar: Calendar) -> None:
    draft, post = item(calendar, 0, "Draft"), item(calendar, 1, "Post")
    phase = calendar.phase(relative("day", 9), title="Beta")
    link(calendar, draft, post)
    pk = calendar.placement(draft).pk
    _, out, _ = run(calendar, "--anchor", "placement", "--id", str(pk), "--to", str(day(3)), "--json")
    told = json.loads(out)
    assert (told["applied"], told["move"]) == (True, Move.objects.get().pk)
    assert [(row["title"], row["new"], row["cause"]) for row in told["moving"]] == [
        ("Draft", str(day(3)), ""), ("Post", str(day(4)), "pushed by “Draft”"),
    ]  # fmt: skip
    run(calendar, "--anchor", "phase", "--id", str(phase.pk), "--to", str(day(12)), "--landing", "after")
    assert calendar.placement(phase).starts_on == day(13)


@pytest.mark.parametrize(
    "args",
    [
        ("--to", "9999-01-01"),
        ("--to", "2026-12-01", "--anchor", "placement"),
        ("--to", "2026-12-01", "--anchor", "phase", "--id", "0"),
        ("--to", "2026-12-01", "--id", "7"),
        ("--to", "2026-12-01", "--anchor", "placement", "--id", "99999999999999999999"),
    ],
)
def test_what_cannot_be_moved_ends_with_two(calendar: Calendar, args: tuple[str, ...]) -> None:
    code, out, err = run(calendar, *args)
    assert (code, out) == (2, "")
    assert err.strip()
    code, out, _ = run(calendar, *args, "--json")
    assert code == 2
    assert json.loads(out)["error"]["message"]


def test_a_dependency_that_refuses_ends_with_two_on_a_dry_run_too(calendar: Calendar) -> None:
    draft, post = item(calendar, 0), item(calendar, 1, "Post")
    link(calendar, draft, post, on_move="refuse")
    asked = ("--anchor", "placement", "--id", str(calendar.placement(draft).pk), "--to", str(day(3)))
    for more in ((), ("--dry-run",)):
        code, _, err = run(calendar, *asked, *more)
        assert code == 2
        assert "“Post” would start" in err
    assert not Move.objects.exists()


def test_wrong_arguments_are_told_before_anything(calendar: Calendar) -> None:
    wrong: list[tuple[Any, ...]] = [
        ("--to", "soon"), ("--to", "2026-12-01", "--anchor", "moon"), ("--to", "2026-12-01", "--landing", "up"), (),
    ]  # fmt: skip
    for args in wrong:
        with pytest.raises(CommandError):
            run(calendar, *args)
    other = Calendar(calendar.launch, calendar.owner)
    other.launch.slug = "nowhere"
    assert run(other, "--to", "2026-12-01")[0] == 2
