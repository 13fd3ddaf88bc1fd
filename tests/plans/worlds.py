"""A small company, and ways to import plans into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from apps.accounts.models import Team, User
from apps.core.actors import Actor
from apps.launches.models import Launch
from apps.launches.services.members import set_member
from apps.plans.samples import SAMPLE
from apps.plans.services.apply import Applied, apply_plan
from apps.plans.services.documents import read

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
