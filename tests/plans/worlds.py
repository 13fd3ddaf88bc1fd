"""A small company, and ways to import plans into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from apps.accounts.models import Team, User
from apps.core.actors import SYSTEM, Actor
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch
from apps.launches.services.members import set_member
from apps.plans.samples import SAMPLE
from apps.plans.services import snapshots
from apps.plans.services.apply import Applied, apply_plan
from apps.plans.services.documents import read
from apps.plans.services.editions import apply_edition, difference, reread
from apps.plans.services.export import export_plan

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))
# The plan that the portal was first asked to run lies beside the repository on some machines.
REAL_PLAN = Path(__file__).resolve().parents[3] / "shared" / "plans" / "ai-settings-gtm.md"
LAUNCH_DAY = date(2026, 3, 4)


@dataclass
class World:
    owner: User
    editor: User
    viewer: User
    stranger: User
    support: Team

    @property
    def actor(self) -> Actor:
        return Actor.of(self.owner)

    def bring(self, source: str | bytes, **kwargs: Any) -> Applied:
        """Import a document as the owner, proposals accepted."""
        day = kwargs.get("launch_day")
        plan = read(source, accept_proposals=True, launch_day=day, rollout_start=kwargs.get("rollout_start"))
        return apply_plan(actor=self.actor, plan=plan, leave_open=True, **kwargs)

    def sample(self, **kwargs: Any) -> Launch:
        """The sample plan as a launch with a launch day, an editor among its members."""
        launch = self.bring(
            SAMPLE.read_bytes(), launch_day=LAUNCH_DAY, rollout_start=LAUNCH_DAY, **kwargs
        ).launch
        set_member(actor=self.actor, launch=launch, user=self.editor, role="editor")
        return launch


def make_world() -> World:
    def person(name: str, role: str = "member") -> User:
        return User.objects.create_user(
            f"{name.split()[0].lower()}@example.com", name=name, role=role, zone_confirmed=True
        )

    support = Team.objects.get_or_create(slug="support", defaults={"name": "Support"})[0]
    return World(
        owner=person("Olga Owner"),
        editor=person("Ed Editor"),
        viewer=person("Vera Viewer", "viewer"),
        stranger=person("Stan Stranger"),
        support=support,
    )


def sample(world: World) -> Launch:
    """The sample plan, imported."""
    return world.sample()


def bare(world: World) -> Launch:
    """A launch made by hand, without a document."""
    return create_launch(actor=world.actor, name="Bare one")


def check_round_trip(launch: Launch) -> None:
    """The export read into its own launch changes nothing, and is what a second export says."""
    written = export_plan(launch)
    count = len(snapshots.records_of(launch))
    plan = reread(launch, read(written))
    found = difference(launch=launch, plan=plan)
    assert ([change.text for change in found.changes], found.kept) == ([], [])
    apply_edition(actor=SYSTEM, launch=launch, plan=plan)
    assert len(snapshots.records_of(launch)) == count
    assert export_plan(launch) == written
