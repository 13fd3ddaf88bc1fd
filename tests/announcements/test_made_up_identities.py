"""Whatever stands in the header, the answer is a refusal and never a failure."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.announcements.models import ProductKey
from tests.announcements.test_identities import ask, encode, payload, sign
from tests.announcements.worlds import World

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
QUIET = settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip


@QUIET
@given(text=st.text(st.characters(max_codepoint=255, blacklist_categories=["Cc", "Cs"]), max_size=200))
@example("pk.pk")
@example("e30." + "A" * 43)
def test_any_text_is_refused(world: World, key: ProductKey, text: str) -> None:
    answer = ask(text)
    assert answer.status_code == 401
    assert answer.json()["code"].startswith("identity_")


@QUIET
@given(found=ANYTHING, name=st.sampled_from(["key", "account", "user", "attributes", "exp", "more"]))
@example(found="\ud800", name="account")
@example(found={"x": "\ud800"}, name="attributes")
@example(found=10**400, name="exp")
def test_anything_signed_is_answered_or_refused(world: World, key: ProductKey, found: Any, name: str) -> None:
    answer = ask(sign(payload(key) | {name: found}, key.secret))
    assert answer.status_code in (200, 401), answer.content


def test_what_is_deep_or_odd_json_is_refused(world: World, key: ProductKey) -> None:
    for body in (
        "[" * 4000,
        '{"key":' * 900 + "1" + "}" * 900,
        '"x"',
        "",
        "\ufeff{}",
        json.dumps({"key": {}}),
    ):
        assert ask(f"{encode(body.encode())}.x").status_code == 401
