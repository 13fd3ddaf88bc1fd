"""Any title and any description a person writes survives export and reading into the same launch."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.services.records import change_record
from apps.plans.reading.drafts import Context
from apps.plans.reading.source import load
from apps.plans.reading.wording import wording
from apps.plans.services import snapshots
from apps.plans.services.documents import read
from apps.plans.services.editions import difference, reread
from apps.plans.services.export import export_plan
from tests.plans.worlds import World

SNIPPETS = (
    "Colon at the end:", "[link](http://a.b)", "A (owner: Bob)", "1. First", "- dash start", "10% of users",
    "Owner: Bob", "Beta (Week 2)", "Mail, Week 2", "Week 2: mail", "# hash", "**bold** x", "a | b", '"quoted"',
    "> quote", "5% error rate", "🚀 go", "李小龍：新", "Q1 – Beta", "- Status: done", "C #", "@ann mail",
    "[x] done", "Within 15 minutes", "Primary: x", "24/7 weekly support team", "<br> x", "a -> b", "`code`: x",
    "* star", "back\\slash\\", "Путь: новый", "العربية - نص", "&#58; &amp;", "2026-05-06: mail",
)  # fmt: skip
PRINTABLE = st.text(
    st.characters(
        categories=("Lu", "Ll", "Lo", "Nd", "Po", "Pd", "Ps", "Pe", "Sm", "Sc"), max_codepoint=0x9FFF
    )
    | st.just(" "),
    min_size=1,
    max_size=30,
)
WRITTEN = st.one_of(
    st.sampled_from(SNIPPETS),
    st.tuples(
        st.sampled_from(SNIPPETS), st.sampled_from((" ", " - ", ": ", ", ")), st.sampled_from(SNIPPETS)
    ).map("".join),
    PRINTABLE.map(lambda text: " ".join(text.split())),
).filter(lambda text: any(character.isalnum() for character in text) and not _open(text))
_CONTEXT = Context(load("x"), wording("en"))


def _open(text: str) -> bool:
    """TBD and its kin are open questions wherever they stand: the law says so."""
    return _CONTEXT.is_open(text)


def check(launch: Launch, key: str, place: int, field: str, text: str) -> None:
    """Change one record, export, read the export into the launch: there is no difference."""
    with transaction.atomic():
        records = [one for one in snapshots.records_of(launch).values() if one.kind == key]
        record = records[place % len(records)]
        change_record(actor=SYSTEM, record=record, values={field: text})
        written = export_plan(launch)
        found = difference(launch=launch, plan=reread(launch, read(written)))
        transaction.set_rollback(True)
    assert ([change.text for change in found.changes], found.kept) == ([], [])


KINDS = sorted(
    {"phase", "key_message", "channel", "calendar_entry", "segment", "kpi", "training", "education", "enablement",
     "support", "monitoring", "routine", "rollback_criterion", "rollback_step", "mitigation", "review",
     "recognition", "story", "improvement", "history"}
)  # fmt: skip
ARGUMENTS: dict[str, Any] = {
    "key": st.sampled_from(KINDS),
    "place": st.integers(0, 5),
    "field": st.sampled_from(("title", "text")),
    "text": WRITTEN,
}
QUIET: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=25, **QUIET)
@given(**ARGUMENTS)
@example(key="kpi", place=0, field="text", text="- Status: done")
@example(key="review", place=0, field="text", text="Owner: Bob")
@example(key="phase", place=0, field="title", text="10% of users")
@example(key="segment", place=0, field="title", text="A (owner: Bob)")
@example(key="calendar_entry", place=0, field="title", text="- dash start")
@example(key="rollback_criterion", place=0, field="text", text="1. First")
def test_what_people_write_survives(world: World, key: str, place: int, field: str, text: str) -> None:
    check(_sample(world), key, place, field, text)


@pytest.mark.full
@settings(max_examples=600, **QUIET)
@given(**ARGUMENTS)
def test_whatever_people_write_survives(world: World, key: str, place: int, field: str, text: str) -> None:
    check(_sample(world), key, place, field, text)


def _sample(world: World) -> Launch:
    """One launch for all examples of a test: each leaves it as it was."""
    return Launch.objects.filter(name__icontains="assistant").first() or world.sample()


def test_every_kind_of_the_sample_is_tried(world: World) -> None:
    used = {record.kind for record in snapshots.records_of(world.sample()).values()}
    assert used - set(KINDS) == {"rollout_step", "office_hours", "overview"} & used
    assert {kinds.get(key).key for key in KINDS} == set(KINDS)
