"""People and accounts for tests of customers."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.test import Client

from apps.accounts.models import Team, User
from apps.accounts.services import create_token
from apps.audience.models import Account, Contact
from apps.core.actors import SYSTEM, Actor
from tests.api.worlds import Api


@dataclass
class World:
    """Somebody of customer success, one of marketing, a viewer and an administrator; two accounts."""

    people: dict[str, User]
    acme: Account
    globex: Account
    tokens: dict[str, str] = field(default_factory=dict)

    def act(self, name: str) -> Actor:
        return Actor.of(User.objects.get(pk=self.people[name].pk))

    def api(self, name: str) -> Api:
        if name not in self.tokens:
            _, self.tokens[name] = create_token(
                actor=SYSTEM, user=self.people[name], name="test", scopes=["read", "write"]
            )
        return Api(self.tokens[name])

    def client(self, name: str) -> Client:
        client = Client()
        client.force_login(self.people[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client


def build_world() -> World:
    customer_success = Team.objects.create(
        slug="customer-success", name="Customer success", works_with_customers=True
    )
    marketing = Team.objects.create(slug="marketing", name="Marketing")
    people = {
        "csm": User.objects.create_user("jo@example.com", name="Jo Kim"),
        "marketer": User.objects.create_user("mia@example.com", name="Mia Lee"),
        "viewer": User.objects.create_user("vi@example.com", name="Vi Hale", role=User.Role.VIEWER),
        "administrator": User.objects.create_user(
            "ada@example.com", name="Ada Admin", role=User.Role.ADMINISTRATOR
        ),
    }
    people["csm"].teams.add(customer_success)
    people["viewer"].teams.add(customer_success)
    people["marketer"].teams.add(marketing)
    acme = Account.objects.create(
        external_id="acme", name="Acme", plan="team", value=80_000, csm=people["csm"],
        attributes={"projects": 12, "region": "EU"},
    )  # fmt: skip
    globex = Account.objects.create(
        external_id="globex", name="Globex", plan="free", attributes={"projects": 120}
    )
    Contact.objects.create(account=acme, email="wile@acme.example", name="Wile E.")
    return World(people, acme, globex)
