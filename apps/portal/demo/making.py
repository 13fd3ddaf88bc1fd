"""The three launches of the demonstration, relative to today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.core.clock import now, today_in
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services import launch as launches
from apps.launches.services.members import set_member
from apps.launches.services.records import add_records
from apps.portal.demo.customers import bring_customers, reach_out
from apps.portal.demo.flight import fly
from apps.portal.demo.people import HOME, Company, hire

PARTS = (
    ("product", "editor"),
    ("engineering", "contributor"),
    ("success", "contributor"),
    ("support", "contributor"),
    ("sales", "contributor"),
)


def make_demo(password: str) -> list[Launch]:
    """People, teams and three launches: one in mid-flight, one ahead, one that is a first idea."""
    with transaction.atomic():
        company = hire(password)
        bring_customers(company)
    flying = fly(company)
    reach_out(company, flying)
    ahead = _ahead(company)
    idea = _idea(company)
    return [flying, ahead, idea]


def _ahead(company: Company) -> Launch:
    """A launch four weeks ahead, made by hand."""
    actor = company.acting("product")
    day = today_in(HOME, now()) + timedelta(days=26)
    launch = launches.create_launch(
        actor=actor,
        name="Usage dashboards",
        launch_type="New feature, one big day",
        target_audience="Administrators of workspaces on the Team and Business plans",
        summary="Every workspace sees who uses what, and what it costs.",
        zone=HOME,
        launch_day=day,
        rollout_start=day,
        tier=2,
    )
    people, teams = company.people, company.teams
    add = _adder(company, launch, "product")
    phases = add(
        "phase",
        {"title": "Design partners", "audience": "Twelve companies that asked", "owner": people["product"],
         "goal": "Find out which figure they look at first", "when": "Week -2"},
        {"title": "Everyone", "audience": "All workspaces", "goal": "A dashboard in every workspace",
         "owner": people["product"], "when": "launch day"},
    )  # fmt: skip
    add(
        "rollout_step",
        {"title": "Design partners", "phase": phases[0], "percent": "2", "scope": "workspaces"},
        {"title": "Half", "phase": phases[1], "percent": "50", "scope": "workspaces"},
        {"title": "All", "phase": phases[1], "percent": "100", "scope": "workspaces"},
    )
    channels = add(
        "channel",
        {"title": "Product blog", "channel_kind": "blog", "owner": people["marketing"]},
        {"title": "Customer mail", "channel_kind": "email", "owner": people["success"]},
    )
    add(
        "key_message",
        {"title": "Know what you use before the invoice does", "rank": 1, "label": "Primary"},
        {"title": "From question to figure in one click", "rank": 2, "label": "Secondary"},
    )
    add(
        "calendar_entry",
        {"title": "Agree on the five figures", "team": teams["Product"], "owner": people["product"],
         "when": "T-30 days", "status": "published"},
        {"title": "Film the walkthrough", "team": teams["Marketing"], "owner": people["marketing"],
         "when": "Week -2"},
        {"title": "Brief account managers", "team": teams["Sales"], "owner": people["sales"],
         "when": "Week -1"},
        {"title": "Launch post", "channel": channels[0], "team": teams["Marketing"],
         "owner": people["marketing"], "when": "launch day", "status": "drafting"},
        {"title": "Mail to administrators", "channel": channels[1], "team": teams["Customer success"],
         "owner": people["success"], "when": "T+2 days"},
    )  # fmt: skip
    add(
        "kpi",
        {"title": "Workspaces that open it", "group": "Adoption", "measure": "Workspaces that open it",
         "targets": "60% of workspaces within 30 days", "baseline": "0% before launch"},
        {"title": "Questions about invoices", "group": "Support", "measure": "Invoice questions per week",
         "targets": "30% fewer invoice questions", "baseline": "84 a week"},
    )  # fmt: skip
    add("training", {"title": "Support", "team": teams["Support"], "owner": people["support"],
                     "text": "Reading a dashboard with a customer", "when": "T-5 days"})  # fmt: skip
    set_member(actor=actor, launch=launch, user=people["marketing"], role="editor", team=teams["Marketing"])
    set_member(actor=actor, launch=launch, user=people["sales"], role="contributor", team=teams["Sales"])
    return launches.set_state(actor=actor, launch=launch, to="active")


def _idea(company: Company) -> Launch:
    """A draft of which only the quarter is known."""
    day = today_in(HOME, now()) + timedelta(days=120)
    launch = launches.create_launch(
        actor=company.acting("engineering"),
        name="Single sign-on for every plan",
        launch_type="Change of packaging",
        target_audience="Companies on the Starter plan",
        zone="Europe/Berlin",
        launch_day_fuzzy=f"{day.year}-Q{(day.month - 1) // 3 + 1}",
    )
    add = _adder(company, launch, "engineering")
    add(
        "phase",
        {"title": "New workspaces", "audience": "Workspaces made after launch day", "when": "Weeks 1-2"},
        {"title": "All workspaces", "audience": "Everybody on the Starter plan", "when": "Week 3"},
    )
    add(
        "calendar_entry",
        {"title": "Price page", "team": company.teams["Marketing"], "when": "Week -1"},
        {"title": "Set-up guide", "team": company.teams["Documentation"], "when": "Week -2"},
        {"title": "Note to resellers", "team": company.teams["Sales"], "when": "Week 0"},
    )
    return launch


def _adder(company: Company, launch: Launch, key: str) -> Any:
    actor = company.acting(key)

    def add(kind_key: str, *rows: dict[str, Any]) -> list[LaunchRecord]:
        kind = kinds.get(kind_key)
        return add_records(actor=actor, launch=launch, kind=kind, rows=[_values(kind, row) for row in rows])

    return add


def _values(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    """Times and targets are written here as people write them in a form."""
    facets = kinds.facets(kind)
    return {name: facets[name].parse(value, kind) if name in facets else value for name, value in row.items()}
