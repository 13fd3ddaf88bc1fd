"""Plans and time that a document has no words for: what hangs keeps its day, what refuses is not overruled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from apps.plans.samples import SAMPLE
from apps.schedule.models import Move, Placement
from apps.schedule.services.hanging import hang
from apps.schedule.services.linking import add_dependency
from tests.plans.test_commands import run
from tests.plans.worlds import LAUNCH_DAY, World


def test_what_hangs_on_a_phase_is_exported_with_its_day_and_reading_that_back_lets_it_hang(
    world: World, tmp_path: Path
) -> None:
    launch = world.sample()
    phase = Placement.objects.filter(launch=launch, kind="phase").order_by("pk")[0]
    own = Placement.objects.filter(launch=launch, kind="calendar_entry", state="planned").order_by("-pk")[0]
    own.launch = launch
    hung = hang(actor=world.actor, placement=own, anchor="phase", to=phase.phase_id, offset=3)
    document = run("export_plan", launch.slug)[1]
    assert str(hung.starts_on) in document
    file = tmp_path / "plan.md"
    file.write_text(document)
    code, _out, err = run("import_plan", str(file), "--into", launch.slug, "--accept-proposals")
    assert (code, err) == (0, "")
    own.refresh_from_db()
    assert (own.anchor, own.starts_on) == ("phase", hung.starts_on)
    fresh = world.bring(document, launch_day=LAUNCH_DAY, rollout_start=LAUNCH_DAY).launch
    assert Placement.objects.filter(launch=fresh, title=own.title, starts_on=hung.starts_on).exists()


def test_a_new_edition_moves_launch_day_by_the_same_service_and_a_refusal_saves_nothing(
    world: World, tmp_path: Path
) -> None:
    launch = world.sample()
    add = Placement.objects.filter(launch=launch, kind="calendar_entry").order_by("starts_on", "pk")
    before, after = add[0], add[len(add) - 1]
    later = LAUNCH_DAY + timedelta(days=7)
    document = run("export_plan", launch.slug)[1]
    line = next(each for each in document.splitlines() if "**Launch date**" in each)
    file = tmp_path / "later.md"
    file.write_text(document.replace(line, f"| **Launch date** | {later} |"))
    # What stands still at its end, and has to be over before the rest may start.
    Placement.objects.filter(pk=after.pk).update(
        anchor="pinned", pinned_start=after.starts_on, pinned_end=after.ends_on
    )
    made = add_dependency(
        actor=world.actor,
        launch=launch,
        before=before.pk,
        after=after.pk,
        lag=(after.starts_on - before.ends_on).days - 1,  # type: ignore[operator]
    )
    code, _, err = run("import_plan", str(file), "--into", launch.slug, "--accept-proposals")
    assert code == 2
    assert "too early behind" in err
    launch.refresh_from_db()
    assert launch.launch_day == LAUNCH_DAY
    assert not Move.objects.exists()
    made.delete()
    assert run("import_plan", str(file), "--into", launch.slug, "--accept-proposals")[0] == 0
    launch.refresh_from_db()
    assert launch.launch_day == later
    assert Move.objects.get().reason == "New edition of the plan"


def test_the_sample_without_links_comes_out_as_it_went_in(world: World) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    assert run("export_plan", launch.slug)[1] == SAMPLE.read_text(encoding="utf-8")
