"""Customer success runs a campaign in a browser, with real processes and a real mail server: a pause in the
middle, an address that does not exist, a recipient who unsubscribes, and two follow-ups worked off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.delivery.sink import Sink
from tests.live import LivePortal, free_port

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
WORLD = f"""
from tests.outreach.worlds import build_world
from apps.accounts.models import User
world = build_world()
for person in User.objects.all():
    person.set_password({PASSWORD!r})
    person.zone_confirmed = True
    person.save()
print("SLUG", world.launch.slug)
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink(free_port())
    made.start()
    yield made
    made.gate.set()
    made.stop()


@pytest.fixture
def sign_in(chromium: Browser) -> Iterator[Callable[[LivePortal, str], Page]]:
    contexts: list[Any] = []

    def enter(portal: LivePortal, email: str = "") -> Page:
        context = chromium.new_context(base_url=portal.url, viewport={"width": 1440, "height": 900})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        if email:
            page.goto("/accounts/login/")
            page.fill("input[name=login]", email)
            page.fill("input[name=password]", PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1, name="My week")).to_be_visible()
        return page

    yield enter
    for context in contexts:
        context.close()


def test_customer_success_runs_a_campaign_and_works_off_its_follow_ups(
    new_portal: Callable[..., LivePortal], sink: Sink, sign_in: Callable[..., Page]
) -> None:
    sink.rcpt = lambda address, count: "550 5.1.1 no such user" if address.startswith("hank@") else None
    portal = new_portal(EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(sink.port), DELIVERY_POLL_SECONDS="0.5",
                        DELIVERY_LANES="1")  # fmt: skip  # one mail at a time, so that a pause finds some that wait
    slug = re.search(r"SLUG (\S+)", portal.manage("shell", "-v", "0", "-c", WORLD))
    assert slug
    portal.start()
    portal.wait_until_ready()

    # Written and handed over by who looks after the accounts, approved by the launch's owner.
    jo = sign_in(portal, "jo@example.com")
    jo.goto(f"/launches/{slug[1]}/outreach/new/")
    jo.get_by_label("Title", exact=True).fill("Speak to them")
    jo.get_by_label("Subject").fill("News for {{ account.name }}")
    jo.get_by_label("Text").fill('Hello {{ contact.first_name|default:"there" }}')
    jo.get_by_label("Give each CSM a follow-up per account").check()
    jo.get_by_label("Its title").fill("Call {{ account.name }}")
    jo.get_by_label("Quiet from").fill("")
    jo.get_by_label("Quiet until").fill("")
    jo.get_by_role("button", name="Save").click()
    expect(jo.get_by_text("Hello Wile")).to_be_visible()
    jo.get_by_role("button", name="Ask for approval").click()
    campaign = jo.url
    boss = sign_in(portal, "boss@example.com")
    boss.goto(campaign)
    boss.get_by_role("button", name="Approve").click()
    expect(boss.get_by_text("Approved. It can be scheduled now.")).to_be_visible()

    # It starts, and is held while the mail server thinks about the first answers.
    sink.gate.clear()
    jo.goto(campaign)
    jo.get_by_role("button", name="Start").click()
    portal.wait_for(lambda: sink.waiting > 0, "a mail on its way")
    jo.get_by_role("button", name="Pause").click()
    expect(jo.get_by_role("button", name="Go on")).to_be_visible()
    sink.gate.set()
    portal.wait_for(lambda: sink.waiting == 0 and len(sink.got) == 1, "the end of the mail under way")
    jo.wait_for_timeout(1500)  # three polls, and nothing more goes out
    assert len(sink.got) == 1
    jo.get_by_role("button", name="Go on").click()
    progress = jo.locator("#progress")
    expect(progress).to_contain_text("Finished", timeout=30_000)
    assert len(sink.got) == 2
    expect(progress).to_contain_text("3 mails")

    # The address that does not exist is told, and gets nothing ever again.
    jo.get_by_role("link", name="Recipients").click()
    row = jo.locator("tbody tr", has_text="hank@globex.example")
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("no such user")

    # A recipient unsubscribes by the link in the mail, without signing in.
    mail = sink.by_recipient()["ann@acme.example"].parsed()
    link = re.search(r"<(https?://[^>]+/u/[^>]+)>", str(mail["List-Unsubscribe"]))
    assert link
    ann = sign_in(portal)
    ann.goto(link[1])
    ann.get_by_role("button", name="No mail at all").click()
    expect(ann.get_by_text("You get no mail from us at all.")).to_be_visible()

    # Two follow-ups are worked off, one of nobody's taken first, and one has a next step.
    def made() -> bool:
        jo.goto("/follow-ups/?whose=all")
        return jo.get_by_role("link", name="Call Acme").count() == 1

    portal.wait_for(made, "the follow-ups")
    jo.get_by_role("link", name="Call Acme").click()
    jo.get_by_label("Outcome").select_option("agreed")
    jo.get_by_label("Next step").fill("Show it to them")
    jo.get_by_label("Due", exact=False).last.fill("2031-03-04")
    jo.get_by_role("button", name="Done").click()
    jo.goto("/follow-ups/?whose=nobody")
    jo.get_by_role("link", name="Call Globex").click()
    jo.get_by_role("button", name="Take it").click()
    jo.get_by_label("Outcome").select_option("no_answer")
    jo.get_by_role("button", name="Done").click()
    jo.goto("/follow-ups/")
    expect(jo.get_by_role("link", name="Show it to them")).to_be_visible()
    expect(jo.get_by_text("1 open, 2 done")).to_be_visible()
