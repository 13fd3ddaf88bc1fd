"""Who sees an announcement: rules over stored and given facts, and the launch's exposure."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.announcements.models import Announcement
from apps.announcements.selectors import feed, reach
from apps.announcements.services import approving, writing
from apps.announcements.targeting import check_attributes, fits
from apps.audience.models import Account
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches.models import Phase
from apps.rollouts.models import RolloutStep
from apps.rollouts.selectors import Rollout, exposed, rollouts_now
from tests.announcements.test_endpoints import Program, live
from tests.announcements.test_pages import HX, base, signed_in, words
from tests.announcements.worlds import World


def titles(account: str, **values: Any) -> list[str]:
    return [row["title"] for row in feed(account=account, user="u1", **values)]


def rollout(world: World, percent: int, state: str = "active") -> Phase:
    phase = Phase.objects.create(launch=world.launch, title="Beta", position=0, state=state)
    RolloutStep.objects.create(
        launch=world.launch, phase=phase, title="Step", position=0, percent=Decimal(percent), reached_at=now()
    )
    return phase


def test_only_accounts_that_fit_the_rule_see_it(world: World) -> None:
    Account.objects.create(external_id="acme", name="Acme", plan="team", attributes={"projects": 12})
    Account.objects.create(external_id="big", name="Big", plan="enterprise", attributes={"projects": 900})
    live(world, title="For teams", audience_rule="plan = team and projects < 50")
    live(world, title="For all")
    assert titles("acme") == ["For all", "For teams"]
    assert titles("big") == ["For all"]
    assert titles("nobody knows it") == ["For all"]


def test_numbers_are_compared_as_they_are_stored(world: World) -> None:
    facts = {"rate": 0.1, "seats": 3, "tags": ["eu"], "beta": True}
    Account.objects.create(external_id="acme", name="Acme", value=Decimal("80000.10"), attributes=facts)
    live(world, title="Exactly", audience_rule="rate = 0.1 and seats = 3 and value = 80000.1")
    live(world, title="More", audience_rule="rate > 0.1")
    live(world, title="Others", audience_rule="tags contains eu and beta = true")
    assert titles("acme") == ["Others", "Exactly"]


def test_an_unknown_account_is_known_by_its_id_alone(world: World) -> None:
    live(world, title="By id", audience_rule="id = acme")
    live(world, title="By plan", audience_rule="plan is set")
    assert titles("acme") == ["By id"]


def test_what_the_product_says_counts_over_what_is_stored(world: World) -> None:
    Account.objects.create(external_id="acme", name="Acme", plan="free", attributes={"projects": 900})
    live(world, audience_rule="plan = team and projects < 50")
    assert titles("acme") == []
    assert len(titles("acme", attributes={"plan": "team", "projects": 3})) == 1
    assert titles("acme", attributes={"projects": 3}) == []


def test_nothing_that_is_said_makes_another_account_of_it(world: World) -> None:
    live(world, audience_rule="id = acme")
    assert titles("other", attributes={"id": "acme"}) == []
    with pytest.raises(Invalid, match="id"):
        check_attributes({"id": "acme"})


@pytest.mark.parametrize(
    "given",
    [
        [], "x", 5, {"Bad Name": 1}, {"x": float("nan")}, {"x": {"y": 1}}, {"plan": 5}, {"value": "5"}, {"value": -1},
        {"value": True}, {"value": float("nan")}, {"plan": "a\x00"}, {"x": "y" * 501},
        {f"n{number}": 1 for number in range(101)},
    ],
)  # fmt: skip
def test_attributes_that_rules_cannot_ask_are_refused(given: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        check_attributes(given)
    assert refusal.value.field == "attributes"


def test_a_server_gives_attributes_in_the_address(world: World) -> None:
    live(world, audience_rule="projects < 50")
    product = Program(world, "editor", "feed")

    def ask(attributes: str) -> Any:
        query = urlencode({"account": "acme", "user": "u1", "attributes": attributes})
        return product.get(f"/announcements/feed?{query}")

    assert ask('{"projects": 51}').json() == {"announcements": []}
    assert len(ask('{"projects": 49}').json()["announcements"]) == 1
    for broken in ("{", "[]", '{"x": NaN}', '{"x": {}}', "[" * 4000):
        answer = ask(broken)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["attributes"]), broken
    answer = ask(json.dumps({"x": ["y" * 400] * 21}))
    assert (answer.status_code, answer.json()["code"]) == (400, "too_large")


@pytest.mark.parametrize("rule", ["plan =", "plan = team and", ")", "plan ~ team", "plan = 'open"])
def test_a_rule_that_cannot_be_read_is_refused_and_fits_nobody(world: World, rule: str) -> None:
    with pytest.raises(Invalid, match="character"):
        world.draft(audience_rule=rule)
    answer = Program(world, "editor").post(
        f"/launches/{world.launch.slug}/announcements/", {"title": "x", "audience_rule": rule}
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["audience_rule"])
    form = signed_in(world, "editor").post(base(world) + "new/", words(audience_rule=rule))
    assert form.status_code == 422
    assert not Announcement.objects.exists()
    # As it could stand there from before rules were read.
    shown = live(world)
    Announcement.objects.filter(pk=shown.pk).update(audience_rule=rule)
    assert titles("acme") == []
    assert fits(rule, {"plan": "team"}) is False


def test_another_audience_needs_another_approval(world: World) -> None:
    for change in ({"audience_rule": "plan = team"}, {"only_exposed": True}):
        approved = world.approved()
        changed = writing.change(actor=world.act("editor"), announcement=approved, values=change)
        assert changed.state == "draft"
        with pytest.raises(Invalid):
            approving.send_back(actor=world.act("editor"), announcement=changed)


def places(launch_id: int) -> dict[str, int]:
    """How many of 1,000 accounts are reached at some percents."""
    accounts = [f"account-{number}" for number in range(1000)]
    return {
        str(percent): sum(exposed(Rollout(launch_id, Decimal(percent)), each) for each in accounts)
        for percent in (0, "0.5", 10, 50, 100)
    }


def test_a_percent_reaches_that_share_of_accounts() -> None:
    found = places(7)
    assert (found["0"], found["100"]) == (0, 1000)
    assert 1 <= found["0.5"] <= 12
    assert 70 <= found["10"] <= 130
    assert 440 <= found["50"] <= 560


def test_whoever_is_reached_stays_reached_and_launches_differ() -> None:
    accounts = [f"account-{number}" for number in range(300)]
    before: set[str] = set()
    for percent in (1, 5, 20, 60, 100):
        reached = {each for each in accounts if exposed(Rollout(3, Decimal(percent)), each)}
        assert before <= reached
        before = reached
    first, second = (
        {each for each in accounts if exposed(Rollout(launch, Decimal(20)), each)} for launch in (3, 4)
    )
    assert first != second


@pytest.mark.parametrize(
    ("percent", "state", "shown"), [(0, "active", 0), (100, "active", 40), (100, "held", 0)]
)
def test_only_exposed_accounts_see_what_asks_for_it(
    world: World, percent: int, state: str, shown: int
) -> None:
    rollout(world, percent, state)
    live(world, title="Exposed", only_exposed=True)
    live(world, title="All")
    accounts = [f"account-{number}" for number in range(40)]
    assert sum("Exposed" in titles(account) for account in accounts) == shown
    assert all("All" in titles(account) for account in accounts[:3])


def test_at_ten_percent_exactly_the_reached_accounts_see_it(world: World) -> None:
    rollout(world, 10)
    live(world, only_exposed=True)
    now_at = rollouts_now([world.launch.pk])[world.launch.pk]
    accounts = [f"account-{number}" for number in range(60)]
    seen = {account for account in accounts if titles(account)}
    assert seen == {account for account in accounts if exposed(now_at, account)}
    assert 0 < len(seen) < 20


def test_a_launch_that_reached_no_step_reaches_nobody(world: World) -> None:
    live(world, only_exposed=True)
    assert titles("acme") == []


def test_the_feed_costs_the_same_whatever_is_asked_of_the_account(world: World) -> None:
    rollout(world, 100)
    Account.objects.create(external_id="acme", name="Acme", plan="team")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            titles("acme")
        return len(found)

    live(world, audience_rule="plan = team", only_exposed=True)
    queries()  # what it says is kept from here on
    few = queries()
    for number in range(8):
        world.due(
            title=f"Number {number}", audience_rule=f"plan = team and n{number} is missing", only_exposed=True
        )
    from apps.announcements.services.clock import go_live

    go_live()
    assert len(titles("acme")) == 9
    assert queries() == few == 1


def test_the_composer_counts_who_fits_while_somebody_writes(world: World) -> None:
    for number in range(4):
        Account.objects.create(
            external_id=f"a{number}", name=f"A {number}", plan="team" if number else "free"
        )
    client = signed_in(world, "contributor")

    def told(**values: str) -> str:
        answer = client.post(base(world) + "audience/", values, headers=HX)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().replace("<strong>", "").replace("</strong>", "").split())

    assert "3 of 4 accounts" in told(audience_rule="plan = team")
    assert "4 of 4 accounts" in told(audience_rule="")
    assert "cannot be read" in told(audience_rule="plan = ")
    assert "0 of 4 accounts" in told(audience_rule="", only_exposed="on")
    rollout(world, 100)
    assert "3 of 4 accounts" in told(audience_rule="plan = team", only_exposed="on")
    page = client.get(base(world) + "new/").content.decode()
    assert 'id="reach"' in page


def test_the_count_agrees_with_the_feed(world: World) -> None:
    rollout(world, 50)
    for number in range(60):
        Account.objects.create(external_id=f"a{number}", name="A", attributes={"projects": number})
    rule = "projects < 40"
    live(world, audience_rule=rule, only_exposed=True)
    counted = reach(rule=rule, only_exposed=True, launch_id=world.launch.pk)
    assert counted.eligible == sum(bool(titles(f"a{number}")) for number in range(60))
    assert (counted.accounts, counted.fitting) == (60, 40)
