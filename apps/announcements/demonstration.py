"""“See it in a product”: a make-believe product with an account of its own, for colleagues."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.announcements.identities import DEMO_ACCOUNT, DEMO_KEY, demo_signer, sign_identity
from apps.announcements.models import Announcement, Receipt
from apps.announcements.selectors import showing_now
from apps.announcements.targeting import fits
from apps.audience.models import Account
from apps.audience.rules import RuleError, condition, fields_in, parse_rule
from apps.audience.selectors import facts_of
from apps.rollouts.selectors import exposed, rollouts_now

HOLDS = timedelta(hours=1)
# Enough to find a place that even a rollout of one percent reached.
PLACES = 1000


@dataclass(frozen=True)
class Demonstration:
    """Who the make-believe user is, signed, and why they see nothing of an announcement (empty: they do)."""

    account: str
    user: str
    identity: str
    key: str = DEMO_KEY
    like: str = ""
    reasons: list[str] = field(default_factory=list)


def demonstration(announcement: Announcement, person: User, at: datetime) -> Demonstration:
    """A user of an account like one the announcement is meant for, that the rollout has reached if it reached any.

    A handful of queries. The account is the portal's own, so that no figure counts what colleagues try out.
    """
    model = _example(announcement.audience_rule)
    attributes = _asked(announcement.audience_rule, model) if model else {}
    if attributes.get("value") is not None:
        attributes["value"] = float(attributes["value"])
    rollout = rollouts_now([announcement.launch_id])[announcement.launch_id]
    places = (f"{DEMO_ACCOUNT}{number}" for number in range(PLACES if announcement.only_exposed else 1))
    account = next((place for place in places if exposed(rollout, place)), f"{DEMO_ACCOUNT}0")
    reasons = []
    if not showing_now().filter(pk=announcement.pk).exists():
        reasons.append("It is not live now.")
    if not fits(announcement.audience_rule, {**attributes, "id": account}):
        reasons.append("No account that is stored fits its rule.")
    if announcement.only_exposed and not exposed(rollout, account):
        reasons.append("The rollout has reached nobody, or is on hold.")
    user = f"colleague-{person.pk}"
    reasons += _held_back(announcement, account, user)
    payload: dict[str, Any] = {
        "key": DEMO_KEY,
        "account": account,
        "user": user,
        "attributes": attributes,
        "exp": int((at + HOLDS).timestamp()),
    }
    text = sign_identity(payload, demo_signer().secrets[0])
    return Demonstration(account, user, text, like=model.name if model else "", reasons=reasons)


def _held_back(announcement: Announcement, account: str, user: str) -> list[str]:
    """Why who saw it before does not see it now. One query, by the database's clock."""
    rested = ExpressionWrapper(
        F("last_seen_at") + F("announcement__hours_between") * timedelta(hours=1),
        output_field=DateTimeField(),
    )
    receipts = Receipt.objects.filter(announcement=announcement, account=account, user=user)
    receipt = receipts.annotate(rested_at=rested, at=Now()).first()
    if receipt is None:
        return []
    if receipt.dismissed_at is not None:
        return ["You closed it."]
    if announcement.most_shows and receipt.shown_count >= announcement.most_shows:
        return ["You saw it as often as anybody is to see it."]
    if receipt.rested_at is not None and receipt.rested_at > receipt.at:
        return [f"You saw it in the last {announcement.hours_between} hours."]
    return []


def _asked(rule: str, model: Account) -> dict[str, Any]:
    """What a rule asks of an account, as it is there: an identity has no room for everything."""
    facts = facts_of(model)
    asked = set(fields_in(parse_rule(rule))) if rule.strip() else set()
    return {name: facts[name] for name in sorted(asked - {"id"}) if name in facts}


def _example(rule: str) -> Account | None:
    accounts = Account.objects.select_related("csm")
    if rule.strip():
        try:
            accounts = accounts.filter(condition(parse_rule(rule)))
        except RuleError:
            return None
    return accounts.order_by("pk").first()
