"""Who works at the invented company: one person per role of a launch."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password

from apps.accounts.models import Team, User
from apps.accounts.people import add_person, add_team
from apps.core.actors import SYSTEM, Actor

HOME = "America/New_York"
TEAMS = (
    "Marketing", "Customer success", "Support", "Product", "Engineering", "Sales", "Documentation", "Design",
)  # fmt: skip
WITH_CUSTOMERS = ("Customer success", "Sales")
# (key, name, role in the whole installation, team, time zone)
PEOPLE = (
    ("admin", "Maria Rossi", "administrator", "Product", HOME),
    ("marketing", "Ann Lee", "member", "Marketing", HOME),
    ("success", "Jo Kim", "member", "Customer success", HOME),
    ("support", "Sam Diaz", "member", "Support", "Europe/Berlin"),
    ("product", "Priya Nair", "member", "Product", HOME),
    ("engineering", "Erik Holm", "member", "Engineering", "Europe/Berlin"),
    ("sales", "Lena Okafor", "member", "Sales", HOME),
    ("executive", "Victor Hale", "viewer", "", HOME),
)


@dataclass
class Company:
    """People and teams by key and name; `acting` is a person as services take them."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def acting(self, key: str) -> Actor:
        return Actor.of(self.people[key])

    def team_of(self, key: str) -> Team | None:
        name = next(team for person, _, _, team, _ in PEOPLE if person == key)
        return self.teams.get(name)


def hire(password: str) -> Company:
    """Make the company's teams and people, all with the same password."""
    company = Company()
    encoded = make_password(password)
    for name in TEAMS:
        company.teams[name] = Team.objects.filter(name=name).first() or add_team(
            actor=SYSTEM, name=name, works_with_customers=name in WITH_CUSTOMERS
        )
    for key, name, role, team, zone in PEOPLE:
        company.people[key], _ = add_person(
            actor=SYSTEM,
            email=f"{key}@larkspur.example",
            name=name,
            role=role,
            teams=[company.teams[team]] if team else [],
            zone=zone,
            password=password,
            encoded=encoded,
        )
    return company
