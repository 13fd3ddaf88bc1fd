"""Reading accounts, contacts and segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q, QuerySet

from apps.audience import policies
from apps.audience.models import Account, Contact, ProductUser, SavedSegment
from apps.audience.rules import RuleError, condition, fields_in, holds, parse_rule
from apps.audience.rules.tree import FIELDS
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotFound

SAMPLE = 5
# About how many accounts are looked at to learn which attributes there are.
LOOKED_AT = 50_000
MOST_VALUES = 20
_KNOWN = "audience.known_fields"


def facts_of(account: Account) -> dict[str, Any]:
    """What rules know of an account, for `rules.holds`. Needs its CSM loaded."""
    return {
        **account.attributes,
        "id": account.external_id,
        "name": account.name,
        "plan": account.plan,
        "value": account.value,
        "health": account.health,
        "csm": account.csm.email if account.csm else "",
    }


def accounts(actor: Actor) -> QuerySet[Account]:
    """Every account, by name, with its CSM."""
    policies.require("accounts.see", actor)
    return Account.objects.select_related("csm").order_by("name", "id")


def matching(rule: str, *, field: str = "rule") -> QuerySet[Account]:
    """The accounts a rule holds for; all of them for an empty one. Raises `Invalid` naming the place."""
    if not rule.strip():
        return Account.objects.all()
    try:
        return Account.objects.filter(condition(parse_rule(rule)))
    except RuleError as error:
        raise Invalid(f"{error.message} (at character {error.at + 1})", code="rule", field=field) from error


def account(actor: Actor, pk: int) -> Account:
    """One account, or `NotFound`."""
    found = accounts(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such account.")
    return found


def contacts(actor: Actor, of: Account) -> QuerySet[Contact]:
    """An account's contacts, for those who may see them."""
    policies.require("contacts.see", actor)
    return Contact.objects.filter(account=of).order_by("-is_active", "name", "email", "id")


def users(actor: Actor, of: Account) -> QuerySet[ProductUser]:
    """An account's users of the product, for those who may see them."""
    policies.require("contacts.see", actor)
    return ProductUser.objects.filter(account=of).order_by("external_id", "id")


def saved_segments(actor: Actor) -> QuerySet[SavedSegment]:
    policies.require("accounts.see", actor)
    return SavedSegment.objects.order_by("name")


@dataclass(frozen=True)
class Reach:
    """How far a rule reaches: accounts of all there are, their contacts, a few of them, unknown names."""

    accounts: int
    total: int
    contacts: int
    sample: list[Account]
    unknown: list[str]

    @property
    def percent(self) -> int:
        return self.accounts * 100 // self.total if self.total else 0


def reach(actor: Actor, rule: str) -> Reach:
    """What a rule finds now. Four queries. Raises `Invalid` for what is no rule."""
    policies.require("accounts.see", actor)
    found = matching(rule)
    figures = Account.objects.aggregate(total=Count("pk"))
    asked = {name for name in fields_in(parse_rule(rule)) if name not in FIELDS} if rule.strip() else set()
    return Reach(
        accounts=found.count(),
        total=figures["total"],
        contacts=Contact.objects.filter(account__in=found.values("pk"), is_active=True).count(),
        sample=list(found.select_related("csm").order_by("-value", "name", "id")[:SAMPLE]),
        unknown=[
            name for name in sorted(asked) if not Account.objects.filter(attributes__has_key=name).exists()
        ],
    )


def reaches(rules: Iterable[str]) -> dict[str, int]:
    """How many accounts each of these rules holds for; a rule that cannot be read is left out. One query."""
    wanted = {}
    for rule in dict.fromkeys(rule for rule in rules if rule.strip()):
        try:
            wanted[rule] = Count("pk", filter=condition(parse_rule(rule)))
        except RuleError:
            continue
    if not wanted:
        return {}
    named = {f"rule_{number}": count for number, count in enumerate(wanted.values())}
    figures = Account.objects.aggregate(**named)
    return {rule: figures[f"rule_{number}"] for number, rule in enumerate(wanted)}


@dataclass(frozen=True)
class Known:
    """A field that rules may ask for, of which kind, with values it has, for the form that builds rules."""

    name: str
    kind: str
    values: list[str]


def known_fields() -> list[Known]:
    """Fields and attributes with the values they have most; of many accounts a sample, kept for a minute."""
    found = cache.get(_KNOWN)
    if found is None:
        found = [*_columns(), *_attributes()]
        cache.set(_KNOWN, found, timeout=60)
    return list(found)


def _columns() -> list[Known]:
    plans = (
        Account.objects.exclude(plan="").values_list("plan").annotate(n=Count("pk")).order_by("-n", "plan")
    )
    return [
        Known("plan", "text", [plan for plan, _ in plans[:MOST_VALUES]]),
        Known("value", "number", []),
        Known("health", "text", ["good", "fair", "poor"]),
        Known("csm", "text", []),
        Known("name", "text", []),
        Known("id", "text", []),
    ]


def _attributes() -> list[Known]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 1) FROM pg_class WHERE oid = 'audience_account'::regclass")
        percent = min(100.0, 100.0 * LOOKED_AT / float(cursor.fetchone()[0]))
        cursor.execute(
            """
            WITH held AS MATERIALIZED (
                SELECT each.key, jsonb_typeof(each.value) AS kind, each.value
                FROM audience_account TABLESAMPLE SYSTEM (%s), jsonb_each(attributes) each
            ), kinds AS (
                SELECT key, mode() WITHIN GROUP (ORDER BY kind) AS kind FROM held WHERE kind <> 'null' GROUP BY key
            ), said AS (
                SELECT key, text, row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, text) AS place
                FROM (
                    SELECT key, value #>> '{}' AS text FROM held WHERE kind = 'string'
                    UNION ALL
                    SELECT key, jsonb_array_elements_text(value) FROM held WHERE kind = 'array'
                ) texts
                WHERE text <> '' GROUP BY key, text
            )
            SELECT key, kind, coalesce(array_agg(text ORDER BY place) FILTER (WHERE place <= %s), '{}')
            FROM kinds LEFT JOIN said USING (key) GROUP BY key, kind ORDER BY key
            """,
            [percent, MOST_VALUES],
        )
        return [Known(name, _KINDS[kind], list(values)) for name, kind, values in cursor.fetchall()]


_KINDS = {"string": "text", "number": "number", "boolean": "truth", "array": "list", "object": "text"}


def search(found: QuerySet[Account], text: str) -> QuerySet[Account]:
    """Those whose name or id holds the text."""
    return found.filter(Q(name__icontains=text) | Q(external_id__icontains=text)) if text else found


def plans() -> list[str]:
    """The plans that accounts are on, for filters."""
    return list(
        Account.objects.exclude(plan="").order_by("plan").values_list("plan", flat=True).distinct()[:50]
    )


def segments_with(actor: Actor, of: Account) -> list[SavedSegment]:
    """The saved segments this account is in. One query."""
    facts = facts_of(of)
    return [segment for segment in saved_segments(actor) if holds(parse_rule(segment.rule), facts)]
