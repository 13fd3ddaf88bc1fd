"""A campaign from draft to sent: who gets it, in whose name, what stops it, and what its CSMs do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from apps.accounts.models import Notification
from apps.audience.models import Contact
from apps.core import markdown
from apps.core.actors import SYSTEM
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.delivery import selectors
from apps.delivery.models import Delivery, Mailing
from apps.launches.services.launch import set_state
from apps.outreach.models import Campaign
from apps.outreach.services import following, running, trying, writing
from apps.work.models import FollowUp
from tests.delivery.sink import Sink

if TYPE_CHECKING:
    from tests.outreach.worlds import World

Drain = Callable[[], int]


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_related("mailing", "launch", "second_to").get(pk=campaign.pk)


def to(sink: Sink) -> list[str]:
    return sorted(got.recipient for got in sink.got)


def test_a_campaign_goes_out_to_whom_its_rule_holds_for(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.scheduled(rule="projects < 50")
    assert drain() == 2
    assert to(sink) == ["ann@acme.example", "wile@acme.example"]
    assert fresh(campaign).state == "finished"
    mail = next(got for got in sink.got if got.recipient == "ann@acme.example").parsed()
    assert mail["Subject"] == "News for Acme"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    text = plain.get_content().replace("\r\n", "\n")
    assert text.startswith("Hello Ann,\n\n**Acme** has 12 projects.")
    assert "/u/" in text
    assert "<strong>Acme</strong> has 12 projects." in html.get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("domains", "sender"),
    [(["example.com"], "Jo Kim <jo@example.com>"), ([], "Jo Kim <portal@portal.example>")],
)
def test_it_comes_in_the_name_of_who_looks_after_the_account(
    world: World, sink: Sink, drain: Drain, settings: Any, domains: list[str], sender: str
) -> None:
    settings.OUTREACH_SENDER_DOMAINS, settings.OUTREACH_FROM_ADDRESS = domains, "portal@portal.example"
    settings.DEFAULT_FROM_EMAIL = "Launch portal <portal@portal.example>"
    world.scheduled()
    drain()
    mails = {got.recipient: got.parsed() for got in sink.got}
    assert (mails["ann@acme.example"]["From"], mails["ann@acme.example"]["Reply-To"]) == (
        sender, "Jo Kim <jo@example.com>",
    )  # fmt: skip
    # Nobody looks after Globex.
    assert mails["hank@globex.example"]["From"] == "Launch portal <portal@portal.example>"


def test_roles_choose_among_the_contacts(world: World, sink: Sink, drain: Drain) -> None:
    world.scheduled(roles=["admin"])
    drain()
    assert to(sink) == ["ann@acme.example"]


def test_one_whose_value_is_missing_gets_nothing_and_the_others_do(
    world: World, sink: Sink, drain: Drain
) -> None:
    campaign = world.scheduled(body="Dear {{ contact.first_name }}", rule="")
    drain()
    assert to(sink) == ["ann@acme.example", "wile@acme.example"]
    left = Delivery.objects.get(mailing=campaign.mailing, address="hank@globex.example")
    assert left.state == "failed"
    assert "contact.first_name" in left.reason


def test_nobody_gets_more_mails_of_all_campaigns_than_the_cap(
    world: World, sink: Sink, drain: Drain, settings: Any
) -> None:
    settings.OUTREACH_CAP_MAILS = 1
    world.scheduled(rule="plan = team")
    assert drain() == 2
    second = world.scheduled(title="Another")
    assert drain() == 1
    assert to(sink)[-1] == "wile@acme.example"
    assert fresh(second).capped == 2
    assert selectors.figures(fresh(second).mailing).total == 1  # type: ignore[arg-type]


def test_a_second_mail_goes_to_who_got_the_first_and_did_not_answer(
    world: World, sink: Sink, drain: Drain
) -> None:
    first = world.scheduled()
    drain()
    second = world.approved(title="Once more", second_to=first, wait_days=3)
    Delivery.objects.filter(mailing=first.mailing).update(
        settled_at=selectors.database_now() - timedelta(days=3, minutes=1)
    )
    Delivery.objects.filter(mailing=first.mailing, address="hank@globex.example").update(
        settled_at=selectors.database_now() - timedelta(days=2)
    )
    answered = Delivery.objects.get(mailing=first.mailing, address="ann@acme.example")
    for _ in range(2):
        running.mark_replied(actor=world.act("csm"), campaign=first, delivery=answered)
    assert answered.events.filter(kind="replied").count() == 1
    sink.got.clear()
    running.schedule(actor=world.act("csm"), campaign=second)
    drain()
    assert to(sink) == ["wile@acme.example"]
    # Who got the first one late gets the second one as much later.
    (late,) = Delivery.objects.filter(mailing=second.mailing, state="ready")
    first_at = Delivery.objects.get(mailing=first.mailing, address="hank@globex.example").settled_at
    assert first_at is not None
    assert (late.address, late.not_before) == ("hank@globex.example", first_at + timedelta(days=3))
    with pytest.raises(Invalid, match="another campaign"):
        running.mark_replied(actor=world.act("csm"), campaign=second, delivery=answered)


def test_nobody_approves_their_own_and_a_change_asks_again(world: World) -> None:
    campaign = running.submit(actor=world.act("csm"), campaign=world.draft())
    assert campaign.state == "in_review"
    told = set(Notification.objects.filter(kind="approval").values_list("user__name", flat=True))
    assert told == {"Bo Ross", "Mia Lee"}
    with pytest.raises(NotAllowed, match="somebody else"):
        running.approve(actor=world.act("csm"), campaign=campaign)
    campaign = running.approve(actor=world.act("marketer"), campaign=campaign)
    assert campaign.state == "approved"
    campaign = running.schedule(
        actor=world.act("csm"), campaign=campaign, starts_at=selectors.database_now() + timedelta(days=1)
    )
    same = writing.change(actor=world.act("csm"), campaign=campaign, values={"goal": "Be heard"})
    assert same.state == "scheduled"
    edited = writing.change(actor=world.act("csm"), campaign=same, values={"body": "Something else"})
    assert fresh(edited).state == "draft"
    with pytest.raises(Invalid, match="cannot be scheduled"):
        running.schedule(actor=world.act("csm"), campaign=edited)
    world.launch.self_approval = True
    world.launch.save()
    assert running.approve(actor=world.act("csm"), campaign=edited).state == "approved"


def test_sent_back_it_is_a_draft(world: World) -> None:
    campaign = world.approved()
    assert running.send_back(actor=world.act("boss"), campaign=campaign, reason="Shorter").state == "draft"


@pytest.mark.parametrize(
    ("who", "error"),
    [("marketer", NotAllowed), ("viewer", NotAllowed), ("administrator", None), ("helper", None)],
)
def test_who_works_with_customers_writes(world: World, who: str, error: type[Exception] | None) -> None:
    if error is None:
        assert world.draft(who).state == "draft"
    else:
        with pytest.raises(error):
            world.draft(who)


def test_a_contributor_writes_but_does_not_send(world: World) -> None:
    campaign = world.approved()
    for step in (running.schedule, running.pause, running.cancel):
        with pytest.raises(NotAllowed):
            step(actor=world.act("helper"), campaign=campaign)
    own = world.draft("helper", owner=world.people["helper"])
    own = running.approve(
        actor=world.act("boss"), campaign=running.submit(actor=world.act("helper"), campaign=own)
    )
    assert running.schedule(actor=world.act("helper"), campaign=own).state == "scheduled"


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"title": ""}, "title", "blank"),
        ({"rule": "plan ="}, "rule", "where a value should"),
        ({"body": "{% load x %}"}, "body", "Only if and for"),
        ({"subject": "{{ nobody.name }}"}, "subject", "There is no"),
        ({"follow_up_script": "{{ user.password }}"}, "follow_up_script", "There is no"),
        ({"sends_mail": False}, "sends_mail", "follow-ups, or both"),
        ({"wait_days": 0}, "wait_days", "greater than or equal to 1"),
        ({"rate": 0.0}, "rate", "greater than or equal"),
        ({"zone": "Mars"}, "zone", "not a time zone"),
        ({"colour": "red"}, None, "no “colour”"),
    ],
)
def test_what_cannot_be_is_refused_and_saves_nothing(
    world: World, values: dict[str, Any], field: str | None, message: str
) -> None:
    with pytest.raises(Invalid, match=message) as caught:
        world.draft(**values)
    assert field is None or field in caught.value.errors
    assert not Campaign.objects.exists()
    assert not Mailing.objects.exists()


def test_what_is_missing_is_told_before_anybody_approves(world: World) -> None:
    empty = world.draft(subject="", body=" ", makes_follow_ups=True)
    with pytest.raises(Invalid) as caught:
        running.submit(actor=world.act("csm"), campaign=empty)
    assert set(caught.value.errors) == {"subject", "body", "follow_up_title"}


def test_a_stale_change_is_a_conflict_and_what_went_out_stays(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.draft()
    writing.change(actor=world.act("csm"), campaign=campaign, values={"title": "Other"}, version=1)
    with pytest.raises(Conflict):
        writing.change(actor=world.act("csm"), campaign=campaign, values={"title": "Mine"}, version=1)
    sent = world.scheduled()
    drain()
    with pytest.raises(Invalid, match="as it was approved"):
        writing.change(actor=world.act("csm"), campaign=sent, values={"body": "Never"})


def test_the_launch_holds_and_ends_what_is_unsent(world: World, sink: Sink, drain: Drain) -> None:
    waiting = world.scheduled()
    launch = set_state(actor=SYSTEM, launch=world.launch, to="paused")
    assert (fresh(waiting).state, drain()) == ("paused", 0)
    with pytest.raises(Invalid, match="is paused"):
        running.resume(actor=world.act("csm"), campaign=fresh(waiting))
    launch = set_state(actor=SYSTEM, launch=launch, to="active")
    assert running.resume(actor=world.act("csm"), campaign=fresh(waiting)).state == "scheduled"
    set_state(actor=SYSTEM, launch=launch, to="cancelled")
    assert (fresh(waiting).state, drain()) == ("cancelled", 0)
    assert sink.got == []


def test_a_mail_is_seen_as_any_recipient_and_sent_to_oneself_first(
    world: World, sink: Sink, drain: Drain
) -> None:
    campaign = world.draft(body="Dear {{ contact.first_name }}", rule="projects > 0")
    shown = trying.preview(actor=world.act("csm"), campaign=campaign)
    assert shown is not None
    assert (shown.subject, shown.contact.email, shown.reply_to) == (
        "News for Acme", "wile@acme.example", "Jo Kim <jo@example.com>",
    )  # fmt: skip
    hank = Contact.objects.get(email="hank@globex.example")
    refused = trying.preview(actor=world.act("csm"), campaign=campaign, contact_id=hank.pk)
    assert refused is not None
    assert "contact.first_name" in refused.refusal
    with pytest.raises(NotFound):
        trying.preview(
            actor=world.act("csm"), campaign=campaign, contact_id=Contact.objects.get(name="Old").pk
        )
    with pytest.raises(NotAllowed):
        trying.preview(actor=world.act("marketer"), campaign=campaign)
    trying.send_test(actor=world.act("csm"), campaign=campaign)
    assert drain() == 1
    assert to(sink) == ["jo@example.com"]
    copy = sink.got[0].parsed()
    assert copy["Subject"] == "[Test] News for Acme"
    assert (copy["From"], copy["Reply-To"]) == (shown.sender, shown.reply_to)
    assert fresh(campaign).state == "draft"
    with pytest.raises(Invalid, match="first_name"):
        trying.send_test(actor=world.act("csm"), campaign=campaign, contact_id=hank.pk)


def test_a_text_that_does_not_fit_an_account_is_told_on_its_page(world: World) -> None:
    campaign = world.draft(body="{{ account.projects|first }}")
    shown = trying.preview(actor=world.act("csm"), campaign=campaign)
    assert shown is not None
    assert "does not fit" in shown.refusal
    page = world.client("csm").get(f"/launches/{world.launch.slug}/outreach/{campaign.pk}/")
    assert page.status_code == 200
    assert "does not fit" in page.content.decode()


def test_a_script_holds_values_as_text(world: World, drain: Drain) -> None:
    world.acme.name = "[free](https://evil.example) <b>"
    world.acme.save()
    world.scheduled(
        sends_mail=False, subject="", body="", makes_follow_ups=True, follow_up_title="Call {{ account.name }}",
        follow_up_script="**Ask** {{ account.name|capfirst }}.",
    )  # fmt: skip
    drain()
    following.make_due()
    made = FollowUp.objects.get(account=world.acme)
    assert made.title == "Call [free](https://evil.example) <b>", "a title is no Markdown"
    assert markdown.render(made.script).strip() == (
        "<p><strong>Ask</strong> [free](https://evil.example) &lt;b&gt;.</p>"
    )


def test_a_campaign_gives_each_csm_a_follow_up_per_account_once(
    world: World, sink: Sink, drain: Drain
) -> None:
    campaign = world.scheduled(
        sends_mail=False, subject="", body="", makes_follow_ups=True, follow_up_kind="call", follow_up_days=2,
        follow_up_title="Call {{ account.name }}", follow_up_script="Ask {{ contact.first_name }} about it.",
    )  # fmt: skip
    assert following.make_due() == 0, "it has not started"
    assert drain() == 0
    assert following.make_due() == 2
    assert following.make_due() == 0
    assert following.make(campaign=fresh(campaign)) == 0
    rows = {row.account.external_id: row for row in FollowUp.objects.select_related("account") if row.account}
    assert (rows["acme"].title, rows["acme"].owner, rows["acme"].script) == (
        "Call Acme", world.people["csm"], "Ask Wile about it.",
    )  # fmt: skip
    # What is not known leaves the script as it was written: a CSM sees it, no customer does.
    assert rows["globex"].script == "Ask {{ contact.first_name }} about it."
    assert rows["globex"].owner is None
    assert fresh(campaign).state == "finished"
    assert sink.got == []
