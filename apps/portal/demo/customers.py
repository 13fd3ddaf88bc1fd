"""The demonstration's customers: two dozen accounts with their people, and segments of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.audience.models import Account, SavedSegment
from apps.audience.services import editing
from apps.audience.services.upserting import upsert
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.delivery.services import suppression
from apps.launches.models import Launch
from apps.outreach.models import Campaign
from apps.outreach.services import running
from apps.outreach.services import writing as campaigns
from apps.portal.demo.people import HOME, Company
from apps.work import services as work

# name, plan, worth a year, health, projects, seats, region, where it uses the assistant
_ACCOUNTS: tuple[tuple[str, str, int | None, str, int, int, str, list[str]], ...] = (
    ("Aster Freight", "business", 96_000, "good", 34, 120, "EU", ["reviews", "triage"]),
    ("Birchwood Clinics", "team", 18_400, "fair", 12, 40, "US", ["triage"]),
    ("Cobalt Games", "business", 142_000, "poor", 88, 260, "US", ["reviews"]),
    ("Dune Analytics Lab", "enterprise", 310_000, "good", 140, 900, "US", ["reviews", "triage", "fixes"]),
    ("Elm Street Books", "free", None, "", 2, 3, "UK", []),
    ("Fjord Insurance", "enterprise", 265_000, "good", 75, 640, "EU", ["triage"]),
    ("Garnet Robotics", "team", 24_000, "good", 41, 55, "EU", ["reviews", "fixes"]),
    ("Harbor & Sons", "team", 9_600, "fair", 7, 18, "UK", []),
    ("Indigo Travel", "business", 71_000, "fair", 46, 150, "APAC", ["triage"]),
    ("Juniper Bank", "enterprise", 420_000, "good", 210, 1_500, "UK", ["reviews", "triage"]),
    ("Kestrel Media", "team", 15_000, "good", 19, 30, "US", ["reviews"]),
    ("Lumen Solar", "business", 58_000, "poor", 23, 85, "EU", []),
    ("Maple Foods", "team", 12_000, "good", 9, 24, "US", ["triage"]),
    ("Nimbus Weather", "business", 64_500, "good", 31, 110, "APAC", ["reviews", "fixes"]),
    ("Orchard Schools", "free", None, "", 4, 12, "US", []),
    ("Pinecone Legal", "team", 21_000, "fair", 15, 36, "UK", ["reviews"]),
    ("Quarry Mining", "business", 83_000, "good", 52, 170, "APAC", ["triage"]),
    ("Ridge Outdoor", "team", 11_200, "poor", 8, 20, "US", []),
    ("Saffron Kitchens", "free", None, "", 1, 2, "EU", []),
    ("Tidal Energy", "enterprise", 198_000, "fair", 64, 480, "EU", ["reviews", "triage"]),
    ("Umber Design", "team", 13_800, "good", 26, 22, "UK", ["reviews"]),
    ("Vela Space", "enterprise", 275_000, "good", 95, 510, "US", ["reviews", "triage", "fixes"]),
    ("Willow Health", "business", 77_000, "good", 38, 140, "US", ["triage"]),
    ("Zephyr Air", "business", 105_000, "fair", 49, 210, "EU", ["reviews"]),
)
_PEOPLE = (
    ("Alma Reyes", "Head of engineering"), ("Ben Osei", "Administrator"), ("Chloe Martin", "Product lead"),
    ("Daniel Novak", "Engineering manager"), ("Esra Yilmaz", "Operations"), ("Finn Larsen", "CTO"),
)  # fmt: skip
_ZONES = {"EU": "Europe/Berlin", "UK": "Europe/London", "US": "America/New_York", "APAC": "Asia/Singapore"}
_SEGMENTS = (
    ("High-value accounts", "Who customer success speaks to in person.", "value >= 50000"),
    ("Fewer than 50 projects", "The second phase of the assistant's rollout.", "projects < 50"),
    ("At risk", "Poor health, and worth keeping.", "health = poor and value >= 10000"),
    ("Paying, without the assistant", "Who has it and does not use it.",
     "plan in (team, business, enterprise) and uses is missing"),
)  # fmt: skip


def bring_customers(company: Company) -> None:
    """Accounts looked after by customer success, one to three contacts each, and four segments."""
    actor = company.acting("success")
    csm = company.people["success"].email
    rows = []
    contacts = []
    for number, (name, plan, value, health, projects, seats, region, uses) in enumerate(_ACCOUNTS):
        key = name.lower().replace(" & ", "-").replace(" ", "-")
        attributes = {"projects": projects, "seats": seats, "region": region, "uses": uses}
        paying = {"value": value, "csm": csm} if value else {}
        rows.append(
            {
                "external_id": key,
                "name": name,
                "plan": plan,
                "health": health,
                "attributes": attributes,
                **paying,
            }
        )
        for step in range(1 + number % 3):
            person, role = _PEOPLE[(number + step * 2) % len(_PEOPLE)]
            address = f"{person.split()[0].lower()}@{key}.example"
            contacts.append(
                {"account": key, "email": address, "name": person, "role": role, "zone": _ZONES[region]}
            )
    upsert(actor=actor, what="accounts", given=rows)
    upsert(actor=actor, what="contacts", given=contacts)
    _stop_mail(actor)
    _save_segments(actor)
    _plan_calls(company)


def _stop_mail(actor: Actor) -> None:
    """Three who get no mail: one asked on the phone, a company that is leaving, an address that bounced."""
    for kind, value, topic, reason, note in (
        ("address", "finn@fjord-insurance.example", "outreach", "manual", "Asked for it on the phone"),
        ("domain", "saffron-kitchens.example", "", "manual", "They are leaving us"),
        ("address", "former.admin@vela-space.example", "", "bounce", ""),
    ):
        suppression.add(actor=actor, kind=kind, value=value, topic=topic, reason=reason, note=note)


def _plan_calls(company: Company) -> None:
    """Follow-ups around today: one overdue, one for today, some to come, one of nobody, one done."""
    actor, today = company.acting("success"), today_in(HOME, now())
    accounts = Account.objects.in_bulk(
        ["cobalt-games", "juniper-bank", "lumen-solar", "vela-space", "tidal-energy"],
        field_name="external_id",
    )
    given: dict[str, Any] = {"owner": company.people["success"], "script": _SCRIPT}
    calls: tuple[tuple[str, str, str, int, dict[str, Any]], ...] = (
        ("Ask why reviews went quiet", "call", "cobalt-games", -3, {}),
        ("Walk through the new settings", "meeting", "juniper-bank", 0, {}),
        ("Check in after the beta", "check_in", "vela-space", 2, {}),
        ("Offer a session with support", "call", "lumen-solar", 6, {"owner": None}),
    )
    for title, kind, key, days, other in calls:
        values = {
            "title": title,
            "kind": kind,
            "account": accounts[key],
            "due_on": today + timedelta(days=days),
        }
        work.add(actor=actor, values={**given, **values, **other})
    held = work.add(
        actor=actor,
        values={**given, "title": "Introduce the assistant", "kind": "call", "account": accounts["tidal-energy"],
                "due_on": today - timedelta(days=1)},
    )  # fmt: skip
    work.finish(actor=actor, follow_up=held, outcome="agreed", notes="They start with triage next month.")


_SCRIPT = """- Which settings do they use today, and who decides on them?
- Show **one place for all settings** and ask what is missing.
- Agree on a day to look at it again."""


def reach_out(company: Company, launch: Launch) -> None:
    """Two campaigns of customer success: one that goes out at once, one that waits for approval."""
    actor, editor = company.acting("success"), company.acting("product")
    # The plan's own channel made a draft when it was imported.
    mail = campaigns.change(
        actor=actor,
        campaign=Campaign.objects.get(launch=launch),
        values={
            "title": "The new settings, for high-value accounts", "goal": "Proactive support for high-value accounts",
            "owner": company.people["success"], "rule": "value >= 50000", "subject": _SUBJECT, "body": _MAIL,
            "rate": 5.0,
        },
    )  # fmt: skip
    mail = running.submit(actor=actor, campaign=mail)
    mail = running.approve(actor=editor, campaign=mail)
    running.schedule(actor=actor, campaign=mail)
    calls = campaigns.create(
        actor=actor,
        launch=launch,
        values={
            "title": "Calls to accounts at risk", "goal": "Hear what keeps them from using the assistant",
            "owner": company.people["success"], "rule": "health = poor and value >= 10000", "sends_mail": False,
            "makes_follow_ups": True, "follow_up_kind": "call", "follow_up_title": "Call {{ account.name }}",
            "follow_up_script": _SCRIPT, "follow_up_days": 2,
        },
    )  # fmt: skip
    running.submit(actor=actor, campaign=calls)


_SUBJECT = "{{ account.name }}: one place for all assistant settings"
_MAIL = """Hello {{ contact.first_name|default:"there" }},

the assistant's settings have moved into **one place**. What {{ account.name }} had set before is there
already{% if account.projects > 40 %}, for all {{ account.projects }} projects{% endif %}.

{% if account.uses %}You use it for {{ account.uses|join:", " }}; each has a switch of its own now.{% endif %}

If something looks different from what you expect, answer this mail.

{{ csm.first_name|default:"Your team" }}
"""


def _save_segments(actor: Actor) -> None:
    for name, description, rule in _SEGMENTS:
        editing.save(
            actor=actor, obj=SavedSegment(), values={"name": name, "description": description, "rule": rule}
        )
