"""What came of an announcement, and who could see it when."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.announcements.models import Announcement, Receipt, Showing
from apps.announcements.selectors import by_day, by_segment, figures, showings
from apps.announcements.services import approving, running, writing
from apps.announcements.services import showings as book
from apps.announcements.services.clock import go_live
from apps.audience.models import Account
from apps.core.clock import now
from apps.launches.models import Segment
from apps.launches.services.launch import set_state
from tests.announcements.test_endpoints import Program, live
from tests.announcements.test_pages import base, signed_in
from tests.announcements.test_targeting import rollout
from tests.announcements.worlds import World, shift


def receipt(shown: Announcement, account: str, user: str = "u", **values: Any) -> None:
    at = now()
    Receipt.objects.create(
        announcement=shown, account=account, user=user, **{"first_seen_at": at, "last_seen_at": at, **values}
    )


def segment(world: World, title: str, rule: str) -> None:
    Segment.objects.create(launch=world.launch, title=title, position=Segment.objects.count(), rule=rule)


def test_totals_and_click_through(world: World) -> None:
    shown = live(world)
    assert figures(shown).click_through is None
    receipt(shown, "a", "1", clicked_at=now())
    receipt(shown, "a", "2", dismissed_at=now())
    receipt(shown, "b", "1")
    receipt(shown, "c", "1", first_seen_at=None, last_seen_at=None, dismissed_at=now())
    receipt(shown, "launchportal-demonstration-0", "colleague-1", clicked_at=now())
    receipt(live(world, title="Other"), "a", clicked_at=now())
    found = figures(shown)
    assert (found.seen, found.clicked, found.dismissed, found.accounts) == (3, 1, 2, 2)
    assert found.click_through == Decimal("33.3")


def test_each_segment_has_its_own(world: World) -> None:
    for number in range(6):
        Account.objects.create(
            external_id=f"a{number}",
            name="A",
            plan="team" if number < 4 else "free",
            attributes={"projects": number},
        )
    segment(world, "Teams", "plan = team")
    segment(world, "Small", "projects < 2")
    segment(world, "In words", "")
    Segment.objects.create(launch=world.launch, title="Broken", position=9, rule="plan = ")
    shown = live(world, audience_rule="projects < 3")
    receipt(shown, "a0", clicked_at=now())
    receipt(shown, "a3")
    receipt(shown, "a5")
    receipt(shown, "not stored")
    found = {
        each.title: (each.fitting, each.figures.seen, each.figures.clicked) for each in by_segment(shown)
    }
    assert found == {"Teams": (3, 2, 1), "Small": (2, 1, 1)}


def test_days_are_those_of_the_launch(world: World) -> None:
    shown = live(world)
    Announcement.objects.filter(pk=shown.pk).update(
        starts_at=datetime.fromisoformat("2026-03-01T10:00Z"),
        went_live_at=datetime.fromisoformat("2026-03-01T10:00Z"),
    )
    shown = Announcement.objects.select_related("launch").get(pk=shown.pk)
    # In Berlin it is the second day already.
    receipt(shown, "a", first_seen_at=datetime.fromisoformat("2026-03-01T23:30Z"), last_seen_at=now())
    receipt(shown, "b", first_seen_at=datetime.fromisoformat("2026-03-01T12:00Z"), last_seen_at=now(),
            clicked_at=datetime.fromisoformat("2026-03-03T12:00Z"))  # fmt: skip
    days = by_day(shown, datetime.fromisoformat("2026-03-04T12:00Z"))
    assert [(f"{each.day:%d}", each.seen, each.clicked, each.dismissed) for each in days] == [
        ("01", 1, 0, 0), ("02", 1, 0, 0), ("03", 0, 1, 0), ("04", 0, 0, 0),
    ]  # fmt: skip
    assert len(by_day(shown, datetime.fromisoformat("2027-03-04T12:00Z"))) == 92


def kept(announcement: Announcement) -> list[tuple[str, bool]]:
    """The rule and whether it shows still, of each showing, oldest first."""
    return [(each.audience_rule, each.until_at is None) for each in showings(announcement)][::-1]


def test_who_could_see_it_is_kept_through_every_change(world: World) -> None:
    editor = world.act("editor")
    made = world.due(audience_rule="plan = team")
    assert kept(made) == []
    go_live()
    assert kept(made) == [("plan = team", True)]
    assert Showing.objects.get().from_at == Announcement.objects.get().went_live_at
    go_live()
    assert kept(made) == [("plan = team", True)]
    running.pause(actor=editor, announcement=made)
    assert kept(made) == [("plan = team", False)]
    running.resume(actor=editor, announcement=made)
    assert kept(made) == [("plan = team", False), ("plan = team", True)]
    running.pause(actor=editor, announcement=made)
    changed = writing.change(
        actor=world.act("contributor"), announcement=made, values={"audience_rule": "plan = free"}
    )
    approving.approve(actor=editor, announcement=changed)
    running.schedule(actor=editor, announcement=changed, starts_at=None)
    go_live()
    assert kept(made) == [("plan = team", False), ("plan = team", False), ("plan = free", True)]
    running.cancel(actor=editor, announcement=made)
    assert [still for _, still in kept(made)] == [False, False, False]
    rows = list(Showing.objects.order_by("from_at"))
    assert all(one.until_at <= other.from_at for one, other in itertools.pairwise(rows))


def test_a_paused_launch_shows_nothing_meanwhile(world: World) -> None:
    made = live(world)
    set_state(actor=world.act("owner"), launch=world.launch, to="paused")
    assert kept(made) == [("", False)]
    set_state(actor=world.act("owner"), launch=world.launch, to="active")
    assert kept(made) == [("", False), ("", True)]


def test_a_window_that_ended_unseen_ends_at_its_own_time(world: World) -> None:
    made = world.due(lasts=3600)
    go_live()
    shift(made, -7200, 3600)
    Showing.objects.update(from_at=now() - timedelta(seconds=7200))
    book.follow()
    row = Showing.objects.get()
    assert row.until_at == Announcement.objects.get(pk=made.pk).ends_at


def test_what_was_live_before_the_book_was_kept_is_entered(world: World) -> None:
    made = live(world)
    Showing.objects.all().delete()
    go_live()
    assert Showing.objects.get().from_at == made.went_live_at


def test_the_page_shows_it_all(world: World) -> None:
    rollout(world, 50)
    Account.objects.create(external_id="a0", name="A", plan="team")
    segment(world, "Teams", "plan = team")
    shown = live(world, audience_rule="plan = team", only_exposed=True)
    receipt(shown, "a0", clicked_at=now())
    page = signed_in(world, "viewer").get(f"{base(world)}{shown.pk}/figures/").content.decode()
    for words in ("100.0%", "Teams", "<svg", "numbers", "plan = team", "where the launch was exposed"):
        assert words in page, words
    draft = world.draft(title="Never live")
    page = signed_in(world, "viewer").get(f"{base(world)}{draft.pk}/figures/").content.decode()
    assert "Nobody saw it yet" in page
    assert "Nobody could see it yet" in page


def test_the_api_answers_the_same(world: World) -> None:
    Account.objects.create(external_id="a0", name="A", plan="team")
    segment(world, "Teams", "plan = team")
    shown = live(world, audience_rule="plan = team")
    receipt(shown, "a0", clicked_at=now())
    found = Program(world, "viewer", "read").get(f"/announcements/{shown.pk}/figures/").json()
    assert found["eligible"] == 1
    assert found["total"] == {"seen": 1, "clicked": 1, "dismissed": 0, "accounts": 1, "click_through": 100.0}
    assert [(row["title"], row["fitting"], row["figures"]["seen"]) for row in found["segments"]] == [
        ("Teams", 1, 1)
    ]
    assert sum(row["seen"] for row in found["days"]) == 1
    assert [row["audience_rule"] for row in found["showings"]] == ["plan = team"]
    type(world.launch).objects.filter(pk=world.launch.pk).update(restricted=True)
    assert Program(world, "stranger").get(f"/announcements/{shown.pk}/figures/").status_code == 404


def test_figures_cost_the_same_for_more_receipts(world: World) -> None:
    shown = live(world)
    client = signed_in(world, "viewer")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{base(world)}{shown.pk}/figures/").status_code == 200
        return len(queries)

    receipt(shown, "a")
    count()
    few = count()
    for number in range(30):
        receipt(shown, f"b{number}", clicked_at=now())
    assert count() == few
    assert few <= 30


@pytest.mark.parametrize("path", ["figures/", "product/"])
def test_nobody_is_shown_what_they_may_not_see(world: World, path: str) -> None:
    shown = live(world)
    assert signed_in(world, "stranger").get(f"{base(world)}{shown.pk}/{path}").status_code == 200
    type(world.launch).objects.filter(pk=world.launch.pk).update(restricted=True)
    assert signed_in(world, "stranger").get(f"{base(world)}{shown.pk}/{path}").status_code == 404
