"""How many of the accounts that are known an announcement is meant for."""

from __future__ import annotations

from dataclasses import dataclass

from apps.audience.models import Account
from apps.audience.rules import RuleError, condition, parse_rule
from apps.rollouts.selectors import Rollout, exposed, rollouts_now

SAMPLE = 3


@dataclass(frozen=True)
class Reach:
    """`fitting` of `accounts` fit the rule, `exposed` of these are reached by the rollout (None: not asked).

    `error` says why a rule cannot be read; it fits nobody then. `sample` names a few that fit.
    """

    accounts: int
    fitting: int
    exposed: int | None = None
    rollout: Rollout | None = None
    sample: tuple[str, ...] = ()
    error: str = ""

    @property
    def eligible(self) -> int:
        """How many accounts see it now."""
        return self.fitting if self.exposed is None else self.exposed


def reach(*, rule: str, only_exposed: bool, launch_id: int) -> Reach:
    """Whom an announcement with this targeting reaches now. Three queries, with exposure five.

    Exposure reads the ids of all accounts that fit, as each account's place is computed and not stored.
    """
    accounts = Account.objects.all()
    total = accounts.count()
    if rule.strip():
        try:
            accounts = accounts.filter(condition(parse_rule(rule)))
        except RuleError as error:
            return Reach(total, 0, error=f"{error.message} (at character {error.at + 1})")
    fitting = accounts.count() if rule.strip() else total
    sample = tuple(accounts.values_list("name", flat=True)[:SAMPLE])
    if not only_exposed:
        return Reach(total, fitting, sample=sample)
    rollout = rollouts_now([launch_id])[launch_id]
    ids = accounts.order_by().values_list("external_id", flat=True).iterator(chunk_size=5000)
    reached = sum(exposed(rollout, account) for account in ids)
    return Reach(total, fitting, reached, rollout, sample)
