"""Named permission rules: registered by each app's policies, asked by services, pages, endpoints and templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import rules

Predicate = Callable[..., bool]


def register(predicates: Mapping[str, Predicate]) -> None:
    """Give predicates their names. A predicate takes (actor) or (actor, object)."""
    for name, predicate in predicates.items():
        if rules.rule_exists(name):
            rules.set_rule(name, predicate)
        else:
            rules.add_rule(name, predicate)


def allows(name: str, actor: Any, obj: Any = None) -> bool:
    """Whether a rule holds for an actor (or user) and, if it is about one, an object."""
    return bool(rules.test_rule(name, actor) if obj is None else rules.test_rule(name, actor, obj))
