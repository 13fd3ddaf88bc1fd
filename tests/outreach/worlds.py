"""A launch with customers to write to, for tests of campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.accounts.models import User
from apps.audience.models import Account, Contact
from apps.core.actors import SYSTEM
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch, set_state
from apps.launches.services.members import set_member
from apps.outreach.models import Campaign
from apps.outreach.services import running, writing
from tests.audience.worlds import World as Customers
from tests.audience.worlds import build_world as build_customers

BODY = 'Hello {{ contact.first_name|default:"there" }},\n\n**{{ account.name }}** has {{ account.projects }} projects.'


@dataclass(kw_only=True)
class World(Customers):
    """`csm` edits the launch, `boss` owns it, `helper` contributes; `marketer` does not work with customers."""

    launch: Launch

    def draft(self, who: str = "csm", **values: Any) -> Campaign:
        given = {"title": "Speak to them", "subject": "News for {{ account.name }}", "body": BODY}
        return writing.create(actor=self.act(who), launch=self.launch, values={**given, **values})

    def approved(self, **values: Any) -> Campaign:
        made = running.submit(actor=self.act("csm"), campaign=self.draft(**values))
        return running.approve(actor=self.act("boss"), campaign=made)

    def scheduled(self, **values: Any) -> Campaign:
        return running.schedule(actor=self.act("csm"), campaign=self.approved(**values))


def build_world() -> World:
    customers = build_customers()
    team = customers.people["csm"].teams.get()
    for name, title in (("boss", "Bo Ross"), ("helper", "Hel Per")):
        customers.people[name] = User.objects.create_user(f"{name}@example.com", name=title)
        customers.people[name].teams.add(team)
    launch = create_launch(
        actor=SYSTEM, name="Settings", owner=customers.people["boss"], launch_day=date(2131, 11, 27)
    )
    for name, role in (("csm", "editor"), ("helper", "contributor"), ("marketer", "editor")):
        set_member(
            actor=SYSTEM, launch=launch, user=customers.people[name], role=role,
            team=customers.people[name].teams.first(),
        )  # fmt: skip
    launch = set_state(actor=SYSTEM, launch=launch, to="active")
    Contact.objects.bulk_create(
        [
            Contact(account=customers.acme, email="ann@acme.example", name="Ann Lee", role="Administrator"),
            Contact(account=customers.acme, email="old@acme.example", name="Old", is_active=False),
            Contact(account=customers.globex, email="hank@globex.example", name="", role="Engineer"),
        ]
    )
    assert Account.objects.count() == 2
    return World(people=customers.people, acme=customers.acme, globex=customers.globex, launch=launch)
