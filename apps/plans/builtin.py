"""The templates that come with the portal: a big launch and a small improvement, written here as data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from apps.core.vocabulary import load
from apps.plans.models import LaunchTemplate
from apps.plans.templating.document import Document, read
from apps.plans.templating.parts import Entry, GateEntry, Offset, Role, Rule, Wait
from apps.schedule.when import parse_when

_OWNER = Role("owner", "Owner", "owner")
_MARKETING = Role("marketing-lead", "Marketing lead", "editor", "marketing")
_CUSTOMERS = Role("customer-success-lead", "Customer success lead", "editor", "customer-success")
_SUPPORT = Role("support-lead", "Support lead", "editor", "support")
_PRODUCT = Role("product-lead", "Product lead", "editor", "product")


class _Writing:
    """Collects the records of one template; `add` answers the index by which others name a record."""

    def __init__(self) -> None:
        self.records: list[Entry] = []

    def add(
        self, kind: str, title: str, *, when: str | Offset = "", owner: str = "", checklist: Sequence[str] = (),
        **values: Any,
    ) -> int:  # fmt: skip
        links: dict[str, Any] = {
            name: {"record": values.pop(name)}
            for name in ("phase", "channel", "key_message", "segment", "announces")
            if name in values
        }
        place = _offset(when, "rollout_start" if kind == "phase" else "launch_day") if when else None
        entry = Entry(
            kind=kind,
            fields={"title": title, **values, **links},
            owner=owner,
            when=place,
            checklist=list(checklist),
        )
        self.records.append(entry)
        return len(self.records) - 1


def _offset(when: str | Offset, clock: Literal["launch_day", "rollout_start"]) -> Offset:
    if isinstance(when, Offset):
        return when
    found = parse_when(when, vocab=load("en"), default_anchor=clock)
    assert found is not None, when
    return Offset(
        anchor=found.anchor or clock,
        unit=found.unit or "",
        offset=found.offset,
        end_offset=found.end_offset,
        open_ended=found.open_ended,
        time=found.time.isoformat() if found.time else "",
        precision=found.precision or "",
        wording=when,
    )


def _after(record: int, days: int, words: str, unit: str = "day") -> Offset:
    return Offset(anchor="record", on=record, unit=unit, offset=days, precision="day", wording=words)


def _big_launch() -> Document:
    on = _Writing()
    add = on.add
    add("kpi", "Customers who used it in the first 30 days", text="Share of those who could.")
    add("kpi", "Support contacts about it a week", text="Counted by topic, from launch day on.")
    beta = add(
        "phase", "Beta", when="Weeks 1-3", owner="product-lead", audience="Customers who asked for it",
        goal="It works for people we do not know. What they trip over is fixed or written down.",
    )  # fmt: skip
    growing = add(
        "phase", "Growing circle", when="Weeks 4-6", owner="product-lead", audience="A share of all customers",
        goal="Load, cost and support stay where we want them.",
    )  # fmt: skip
    everyone = add(
        "phase", "Everybody", when="Week 7+", owner="product-lead", audience="All customers",
        goal="It is simply there.",
    )  # fmt: skip
    for phase, title, percent in (
        (growing, "One in twenty", "5"), (growing, "A quarter", "25"),
        (everyone, "Half", "50"), (everyone, "All", "100"),
    ):  # fmt: skip
        add("rollout_step", title, phase=phase, percent=percent)
    what = add("key_message", "[What it is, in one sentence]", rank=1, label="What")
    why = add("key_message", "[What gets better for whom]", rank=2, label="Why")
    blog = add("channel", "Company blog", channel_kind="blog", owner="marketing-lead")
    mail = add("channel", "Mail to customers", channel_kind="email", owner="marketing-lead")
    product = add("channel", "Inside the product", channel_kind="in_app", owner="product-lead")
    press = add("channel", "Press", channel_kind="press", owner="marketing-lead")
    inside = add("channel", "Inside the company", channel_kind="internal", owner="owner")
    outreach = add("channel", "Personal outreach", channel_kind="outreach", owner="customer-success-lead")
    heavy = add(
        "segment", "Those who need it most", rank="primary", pain_point="[What hurts today]",
        value_proposition="[What they can do from now on]",
    )  # fmt: skip
    add("segment", "Everybody else", rank="secondary", value_proposition="[Why they will notice]")
    brief = add(
        "calendar_entry", "Positioning is agreed", when="Week -8", owner="marketing-lead", format="task",
        channel=inside, key_message=what,
        checklist=["Who it is for, and who it is not for", "Three sentences everybody uses", "Price, if it has one"],
    )  # fmt: skip
    story = add(
        "calendar_entry", "Two customers tell how they use it", when="Week -3", owner="customer-success-lead",
        format="case_study", channel=blog, segment=heavy, text="From the beta. Ask for permission in writing.",
    )  # fmt: skip
    draft = add(
        "calendar_entry", "Announcement is written", when="T-15 bd", owner="marketing-lead", format="article",
        channel=blog, key_message=what, checklist=["Product read it", "Legal read it", "Pictures are made"],
    )  # fmt: skip
    kit = add(
        "calendar_entry", "Press kit under embargo", when="T-10 bd", owner="marketing-lead", format="press_release",
        channel=press, key_message=why,
    )  # fmt: skip
    add("calendar_entry", "Help pages are ready", when="T-5 bd", owner="support-lead", format="documentation")
    sales = add(
        "calendar_entry", "Personal word to the largest customers", when="T-3 bd", owner="customer-success-lead",
        format="mail", channel=outreach, segment=heavy,
    )  # fmt: skip
    last = add(
        "calendar_entry", "Go or no-go", when="T-2 bd", owner="owner", format="event", channel=inside,
        checklist=["Gates are signed off", "Rollback was tried", "Support knows who is on call"],
    )  # fmt: skip
    post = add(
        "calendar_entry", "Announcement goes out", when="T-0", owner="marketing-lead", format="post", channel=blog,
        key_message=what, announces=everyone,
    )  # fmt: skip
    letter = add(
        "calendar_entry", "Mail to all customers",
        when=_after(post, 1, "the working day after the announcement", "business_day"),
        owner="marketing-lead", format="mail", channel=mail, key_message=why,
    )  # fmt: skip
    add(
        "calendar_entry", "Note inside the product", when="T-0", owner="product-lead", format="announcement",
        channel=product, announces=everyone,
    )  # fmt: skip
    add(
        "calendar_entry", "Reminder to who has not tried it", when="Week 4", owner="marketing-lead", format="mail",
        channel=mail,
    )  # fmt: skip
    add(
        "training",
        "Support learns it",
        when="Week -2",
        owner="support-lead",
        text="With the ten most likely questions.",
    )
    add("training", "Sales and customer success learn it", when="Week -2", owner="customer-success-lead")
    add("enablement", "One page: what to say, what not to say", when="T-10 bd", owner="marketing-lead")
    add(
        "support",
        "Two people on call",
        coverage="Working hours",
        period="First two weeks",
        owner="support-lead",
    )
    add("rollback_criterion", "Somebody loses data", criterion_kind="event", owner="product-lead")
    add("rollback_step", "Turn the flag off", deadline_minutes=15, owner="product-lead")
    add("rollback_step", "Tell customers who had it", deadline_minutes=120, owner="customer-success-lead")
    add(
        "mitigation", "It is slower than promised", likelihood="Medium", impact="High", owner="product-lead",
        prepared_message="[What we know, what we do, when you hear from us next]",
    )  # fmt: skip
    add("review", "First week", when="T+5 bd", owner="owner", text="What surprised us?")
    add("review", "First month", when="30 days after launch", owner="owner", text="Are the targets reached?")
    add("recognition", "Thanks to everybody who did it", when="T+1 bd", owner="owner")
    return Document(
        launch={"launch_type": "Major launch", "rollout_after": -42},
        roles=[_OWNER, _PRODUCT, _MARKETING, _CUSTOMERS, _SUPPORT],
        records=on.records,
        gates=[
            GateEntry(growing, "The beta's findings are fixed or accepted", owner="product-lead"),
            GateEntry(everyone, "Support can answer the ten most likely questions", owner="support-lead"),
            GateEntry(everyone, "Rollback was tried once", owner="product-lead"),
        ],
        approvals=[
            Rule(blog, True, [{"role": "product-lead"}, {"role": "owner"}]),
            Rule(press, False, [{"role": "owner"}]),
        ],
        waits=[
            Wait(brief, draft),
            Wait(draft, kit),
            Wait(story, post),
            Wait(last, post),
            Wait(sales, letter),
        ],
        notes=[f"{on.records[beta].title} starts six weeks before launch day, where the rollout begins."],
    )


def _small_improvement() -> Document:
    on = _Writing()
    add = on.add
    add("kpi", "Customers who used it in the first 14 days")
    everyone = add(
        "phase",
        "Everybody",
        when="Day 1",
        owner="product-lead",
        audience="All customers",
        goal="It is simply there.",
    )
    message = add("key_message", "[What is better now, in one sentence]", rank=1)
    notes = add("channel", "Release notes", channel_kind="docs", owner="product-lead")
    product = add("channel", "Inside the product", channel_kind="in_app", owner="product-lead")
    docs = add(
        "calendar_entry",
        "Help page is up to date",
        when="T-3 bd",
        owner="support-lead",
        format="documentation",
    )
    heads = add(
        "calendar_entry", "Support knows what changes", when="T-2 bd", owner="support-lead", format="task",
        checklist=["Where the switch is", "What it does not do"],
    )  # fmt: skip
    post = add(
        "calendar_entry", "Release notes", when="T-0", owner="product-lead", format="release_notes", channel=notes,
        key_message=message, announces=everyone,
    )  # fmt: skip
    add(
        "calendar_entry", "Note inside the product", when=_after(post, 0, "the day of the release notes"),
        owner="product-lead", format="announcement", channel=product, key_message=message,
    )  # fmt: skip
    add("rollback_step", "Turn the flag off", deadline_minutes=30, owner="product-lead")
    add("review", "Does anybody use it?", when="T+10 bd", owner="owner")
    return Document(
        launch={"launch_type": "Improvement", "rollout_after": 0},
        roles=[_OWNER, _PRODUCT, _SUPPORT],
        records=on.records,
        gates=[GateEntry(everyone, "The help page is up to date", owner="support-lead")],
        waits=[Wait(docs, post), Wait(heads, post)],
    )


@cache
def _documents() -> dict[str, Any]:
    return {
        "big-launch": read(_big_launch().as_json()).as_json(),
        "small-improvement": read(_small_improvement().as_json()).as_json(),
    }


def templates() -> list[LaunchTemplate]:
    """Those that come with the portal: objects without a row, so that each release may better them."""
    documents = _documents()
    return [
        LaunchTemplate(
            slug="big-launch",
            name="Big launch",
            tier=1,
            summary="Eight weeks up to the day: a beta, a growing circle, press, outreach, trainings, rollback.",
            document=documents["big-launch"],
        ),
        LaunchTemplate(
            slug="small-improvement",
            name="Small improvement",
            tier=3,
            summary="Release notes, a help page, a note inside the product, and a look back two weeks later.",
            document=documents["small-improvement"],
        ),
    ]
