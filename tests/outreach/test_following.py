"""Follow-ups of campaigns on large bases: in batches, each account once, one run at a time, none blocking others."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Account, Contact
from apps.audit.models import Event
from apps.delivery.services import mailings
from apps.outreach.models import Campaign
from apps.outreach.services import following
from apps.work import services as work
from apps.work.models import FollowUp
from tests.outreach.worlds import World, build_world


def more(world: World, number: int) -> None:
    made = Account.objects.bulk_create(
        Account(external_id=f"x{each}", name=f"X{each}", csm=world.people["csm"]) for each in range(number)
    )
    Contact.objects.bulk_create(
        Contact(account=each, email=f"c{each.pk}@x.example", name="A B") for each in made
    )


def started(world: World, **values: Any) -> Campaign:
    given: dict[str, Any] = {
        "makes_follow_ups": True, "follow_up_title": "Call {{ account.name }}",
        "follow_up_script": "Ask **{{ contact.name }}**",
    }  # fmt: skip
    made = world.scheduled(**{**given, **values})
    mailings.start_due()
    return made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three."""
    monkeypatch.setattr(following, "BATCH", 3)


def test_more_accounts_cost_no_more_queries(world: World) -> None:
    counts = []
    for number in (5, 200):
        more(world, number)
        campaign = started(world, title=f"For {number}")
        with CaptureQueriesContext(connection) as queries:
            assert following.make(campaign=campaign) == number + 2
        counts.append(len(queries))
        Account.objects.filter(external_id__startswith="x").delete()
    assert counts[0] == counts[1] < 15


def test_a_run_whose_time_is_over_leaves_the_rest_to_the_next(
    world: World, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(following, "ring", rung.append)
    more(world, 5)
    campaign = started(world)
    assert following.make_due(seconds=0) == 3
    # Whatever people do with what they got, the next run goes on behind it.
    last = Account.objects.latest("pk")
    FollowUp.objects.filter(account=world.acme).update(account=last, contact=None)
    assert following.make_due(seconds=0) == 3
    assert rung == ["outreach.make_follow_ups"] * 2
    assert following.make_due() == 1
    assert len(rung) == 2
    sources = set(FollowUp.objects.values_list("source", flat=True))
    assert sources == {f"campaign:{campaign.pk}:{each.pk}" for each in Account.objects.all()}
    told = Event.objects.get(verb="campaign.follow_ups_made")
    assert told.changes == {"follow_ups": [None, 7]}


def test_a_whole_last_batch_is_an_end_too(world: World, small: None) -> None:
    more(world, 4)
    campaign = started(world)
    assert following.make_due() == 6
    assert following.make_due() == 0
    campaign.refresh_from_db()
    assert campaign.follow_ups_made_at is not None


def test_a_campaign_that_cannot_be_does_not_keep_others_from_theirs(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = started(world, title="Bad"), started(world, title="Good")
    Campaign.objects.filter(pk=bad.pk).update(rule="value >")
    assert following.make_due() == 2
    assert set(FollowUp.objects.values_list("source", flat=True)) == {
        f"campaign:{good.pk}:{each.pk}" for each in Account.objects.all()
    }
    assert f"campaign {bad.pk}" in caplog.text
    bad.refresh_from_db()
    assert bad.follow_ups_made_at is None


def test_what_does_not_fit_one_account_or_comes_out_empty_has_a_fallback(world: World) -> None:
    started(
        world, follow_up_script="{{ account.projects|first }}",
        follow_up_title="{% if account.nothing %}Call{% endif %}",
    )  # fmt: skip
    assert following.make_due() == 2
    made = FollowUp.objects.get(account=world.acme)
    assert (made.title, made.script) == ("Speak to them: Acme", "{{ account.projects|first }}")


def test_a_title_from_before_does_not_name_the_contact(world: World) -> None:
    campaign = started(world)
    Campaign.objects.filter(pk=campaign.pk).update(follow_up_title="Call {{ contact.name }}")
    assert following.make_due() == 2
    assert set(FollowUp.objects.values_list("title", flat=True)) == {
        "Speak to them: Acme", "Speak to them: Globex",
    }  # fmt: skip


def test_who_may_not_see_contacts_reads_none_of_them(world: World) -> None:
    started(world, follow_up_script="Ask {{ contact.name|default:contact.email }} at {{ contact.email }}")
    following.make_due()
    made = FollowUp.objects.get(account=world.acme)
    work.change(actor=world.act("csm"), follow_up=made, values={"contact": None})
    work.finish(actor=world.act("csm"), follow_up=made)
    overview, events = f"/launches/{world.launch.slug}/", "/api/v1/events/?limit=500"
    for path in (overview, events, f"/follow-ups/{made.pk}/", f"/api/v1/follow-ups/{made.pk}/"):
        answer = world.client("marketer").get(path)
        assert answer.status_code == 200, path
        assert not re.search("Wile|wile@|Ann Lee|ann@", answer.content.decode()), path
    assert b"wile@" in world.client("csm").get(f"/follow-ups/{made.pk}/").content


@pytest.mark.django_db(transaction=True)
def test_a_run_leaves_a_campaign_to_the_one_that_is_at_it() -> None:
    world = build_world()
    campaign = started(world)

    def run() -> int:
        try:
            return following.make_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
            assert pool.submit(run).result(timeout=20) == 0
        assert pool.submit(run).result(timeout=20) == 2
