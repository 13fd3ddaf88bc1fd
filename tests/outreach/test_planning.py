"""The outreach a plan speaks of becomes a draft campaign when it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.audience.models import SavedSegment
from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.services.records import add_record
from apps.outreach.models import Campaign
from apps.outreach.services import trying
from apps.outreach.services.planning import draft_from_plan
from apps.plans.samples import SAMPLE
from apps.plans.services.apply import apply_plan
from apps.plans.services.documents import read
from apps.plans.services.export import export_plan

if TYPE_CHECKING:
    from tests.outreach.worlds import World


def test_the_plans_outreach_is_a_draft_for_the_accounts_it_names(world: World) -> None:
    SavedSegment.objects.create(name="Accounts", rule="value > 1")
    SavedSegment.objects.create(name="High-value accounts", rule="value >= 50000")
    source = SAMPLE.read_text()
    launch = apply_plan(actor=world.act("marketer"), plan=read(source), leave_open=True).launch
    campaign = Campaign.objects.select_related("launch", "mailing").get(launch=launch)
    assert (campaign.state, campaign.rule, campaign.sends_mail) == ("draft", "value >= 50000", True)
    assert campaign.written_by is None
    shown = trying.preview(actor=world.act("administrator"), campaign=campaign)
    assert shown is not None
    assert shown.refusal == ""
    assert shown.text.startswith("Hello Wile,\n\n")
    assert export_plan(launch) == source, "a draft changes nothing in the document"


def test_words_that_look_like_a_template_stay_words(world: World) -> None:
    channel = add_record(
        actor=SYSTEM, launch=world.launch, kind=kinds.get("channel"),
        values={"title": "Outreach {{ x", "text": "To organizations with <50 projects", "channel_kind": "outreach"},
    )  # fmt: skip
    add_record(
        actor=SYSTEM, launch=world.launch, kind=kinds.get("key_message"),
        values={"title": "{% load x %} {{ user.password }}"},
    )  # fmt: skip
    made = draft_from_plan(launch=world.launch, channel=channel)  # type: ignore[arg-type]
    assert made.rule == "projects < 50"
    shown = trying.preview(actor=world.act("csm"), campaign=made)
    assert shown is not None
    assert "{ % load x %} { { user.password }}" in shown.text
    assert draft_from_plan(launch=world.launch, channel=channel) == made  # type: ignore[arg-type]
