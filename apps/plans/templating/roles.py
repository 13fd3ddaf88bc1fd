"""Who owned what, as a part in the launch: never as a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from apps.accounts.models import Team, User
from apps.launches.models import Gate, Launch, LaunchRecord, Member
from apps.plans.templating.document import OWNER
from apps.plans.templating.parts import Role

# What tells a role from a name: "Marketing lead", "Product Manager", "CS".
_ROLE_WORDS = frozenset(
    {
        "team", "lead", "leads", "leader", "manager", "managers", "owner", "head", "director", "vp",
        "chief", "officer", "cs", "csm", "csms", "pm", "pmm", "cto", "ceo", "cmo", "coo", "contributor",
        "editor", "viewer", "marketing", "product", "engineering", "engineer", "engineers", "support",
        "sales", "success", "customer", "design", "designer", "designers", "content", "legal",
        "security", "data", "analyst", "operations", "ops", "docs", "documentation", "finance", "people",
        "hr", "executive", "executives", "sponsor", "developer", "developers", "devrel", "community",
        "growth", "research", "comms", "communications", "pr", "qa", "department",
    }
)  # fmt: skip
_JOINING = frozenset({"of", "for", "and", "the", "&", "/", "+", "-"})


@dataclass
class Roles:
    """The roles of one launch, collected while its records are read. Queries nothing."""

    launch: Launch
    members: Mapping[int, Member]
    teams: Mapping[int, Team]
    found: dict[str, Role] = field(default_factory=dict)
    forgotten: int = 0

    @classmethod
    def of(cls, launch: Launch) -> Self:
        """Two queries."""
        members = {member.user_id: member for member in Member.objects.filter(launch=launch)}
        roles = cls(launch, members, {team.pk: team for team in Team.objects.all()})
        roles._keep(Role(OWNER, "Owner", Member.Role.OWNER))
        return roles

    def owner_of(self, record: LaunchRecord) -> str:
        """The role that owns a record: its person's part in the launch, else the role a plan names, else its
        team. Empty where there is none of these."""
        if record.owner_id is not None:
            return self.of_person(record.owner_id, getattr(record, "team_id", None))
        if record.owner_name:
            key = self._named(record.owner_name)
            if key:
                return key
            self.forgotten += 1
        return self._of_team(getattr(record, "team_id", None))

    def owner_of_gate(self, gate: Gate) -> str:
        return self.of_person(gate.owner_id) if gate.owner_id is not None else ""

    def of_person(self, pk: int, team: int | None = None) -> str:
        """A person's part in the launch; of somebody without one the team's. Counts who had neither."""
        member = self.members.get(pk)
        if pk == self.launch.owner_id or (member is not None and member.role == Member.Role.OWNER):
            return OWNER
        if member is None:
            key = self._of_team(team)
            self.forgotten += not key
            return key
        own = self.teams.get(member.team_id or 0)
        label = member.get_role_display()
        if own is None:
            return self._keep(Role(member.role, label, member.role))
        return self._keep(Role(f"{member.role}-{own.slug}", f"{label}, {own.name}", member.role, own.slug))

    def _of_team(self, pk: int | None) -> str:
        team = self.teams.get(pk or 0)
        if team is None:
            return ""
        return self._keep(
            Role(f"contributor-{team.slug}", f"Contributor, {team.name}", Member.Role.CONTRIBUTOR, team.slug)
        )

    def _named(self, name: str) -> str:
        """A role a plan says in words. Anything that may be a person's name is left out."""
        words = [word for word in re.split(r"[\s/,]+", name.casefold()) if word]
        if not words or any(
            word.strip("()&+-") not in _ROLE_WORDS and word not in _JOINING for word in words
        ):
            return ""
        key = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60]
        by_name = {team.name.casefold(): team for team in self.teams.values()}
        team = by_name.get(name.casefold().removesuffix(" team").strip())
        if team is not None:
            return self._of_team(team.pk)
        return self._keep(Role(f"as-{key}", name[:100], Member.Role.EDITOR)) if key else ""

    def _keep(self, role: Role) -> str:
        self.found.setdefault(role.key, role)
        return role.key


@dataclass
class Persons(Roles):
    """For a copy instead of a template: whoever is asked for approval is asked again, and nobody owns anything."""

    asked: dict[str, int] = field(default_factory=dict)

    def owner_of(self, record: LaunchRecord) -> str:
        return ""

    def owner_of_gate(self, gate: Gate) -> str:
        return ""

    def of_person(self, pk: int, team: int | None = None) -> str:
        self.asked[f"person-{pk}"] = pk
        return f"person-{pk}"

    def people(self) -> dict[str, User]:
        """Those who may still sign in, by their keys. One query."""
        active = User.objects.filter(is_active=True).in_bulk(set(self.asked.values()))
        return {key: active[pk] for key, pk in self.asked.items() if pk in active}


def chosen(roles: Iterable[Role], people: Mapping[str, User | None]) -> dict[str, User]:
    """Who fills which of the roles; those nobody was chosen for are left out."""
    return {role.key: person for role in roles if (person := people.get(role.key)) is not None}
