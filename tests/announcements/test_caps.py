"""How often one user sees an announcement, and how many at once."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest

from apps.announcements.models import Announcement, FeedLimits, Receipt
from apps.announcements.selectors import database_now, feed
from apps.announcements.services import approving, limits, running, writing
from apps.announcements.services.clock import go_live
from apps.announcements.services.receipts import Report, store
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed
from tests.announcements.test_endpoints import Program, live
from tests.announcements.test_pages import base, signed_in, words
from tests.announcements.worlds import World


def seen(announcement: Announcement, times: int, *, hours_ago: float = 0, user: str = "u1") -> None:
    at = database_now() - timedelta(hours=hours_ago)
    store(
        actor=SYSTEM,
        reports=[Report(announcement.pk, "acme", user, first_seen_at=at, last_seen_at=at, shown_count=times)],
    )


def ids(user: str = "u1", **values: Any) -> list[int]:
    return [row["id"] for row in feed(account="acme", user=user, **values)]


def test_it_shows_so_often_and_no_more(world: World) -> None:
    shown = live(world, most_shows=2)
    for times, there in ((0, True), (1, True), (2, False), (3, False)):
        if times:
            seen(shown, times)
        assert (ids() == [shown.pk]) is there, times
    assert ids("u2") == [shown.pk]
    assert [row["shown_count"] for row in feed(account="acme", user="u1", showing=[shown.pk])] == [3]


def test_hours_pass_before_it_shows_again(world: World) -> None:
    shown = live(world, hours_between=24)
    seen(shown, 1, hours_ago=23.9)
    assert ids() == []
    Receipt.objects.all().delete()
    seen(shown, 1, hours_ago=24.1)
    assert ids() == [shown.pk]


def test_what_is_on_the_screen_stays_there(world: World) -> None:
    capped = live(world, most_shows=1, hours_between=5)
    seen(capped, 1)
    assert ids() == []
    assert ids(showing=[capped.pk]) == [capped.pk]
    product = Program(world, "editor", "feed")
    for showing, count in (
        (str(capped.pk), 1),
        (f"x,{capped.pk},-1,", 1),
        ("", 0),
        ("99999999999999999999", 0),
    ):
        answer = product.get(f"/announcements/feed?account=acme&user=u1&showing={showing}")
        assert len(answer.json()["announcements"]) == count, showing
    # Only how often it shows is passed over: not that it was dismissed, or stopped.
    Receipt.objects.update(dismissed_at=database_now())
    assert ids(showing=[capped.pk]) == []
    Receipt.objects.all().delete()
    Announcement.objects.filter(pk=capped.pk).update(state="paused")
    assert ids(showing=[capped.pk]) == []


def test_only_so_many_at_once_in_one_place(world: World) -> None:
    low = live(world, priority=1)
    news = live(world, form="list", priority=3)
    high = live(world, priority=3, form="modal")
    limits.set_limits(actor=world.act("administrator"), most_at_once=1)
    assert ids(surface="home") == [high.pk, news.pk]
    assert ids() == [high.pk, news.pk, low.pk]
    limits.set_limits(actor=world.act("administrator"), most_at_once=2)
    assert ids(surface="home") == [high.pk, news.pk, low.pk]
    limits.set_limits(actor=world.act("administrator"), most_at_once=None)
    assert len(ids(surface="home")) == 3
    assert FeedLimits.objects.count() == 1


def test_caps_change_without_another_approval(world: World) -> None:
    approved = world.approved()
    changed = writing.change(
        actor=world.act("editor"), announcement=approved, values={"most_shows": 3, "hours_between": 24}
    )
    assert (changed.state, changed.most_shows, changed.hours_between) == ("approved", 3, 24)


@pytest.mark.parametrize(
    "values",
    [
        {"most_shows": 0},
        {"most_shows": 1001},
        {"hours_between": 0},
        {"hours_between": 9999},
        {"form": "popup"},
    ],
)
def test_caps_out_of_range_are_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        world.draft(**values)
    body = {"title": "x", **values}
    answer = Program(world, "editor").post(f"/launches/{world.launch.slug}/announcements/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(values))
    form = signed_in(world, "editor").post(base(world) + "new/", {**words(), **values})
    assert form.status_code == 422


def test_another_form_needs_another_approval(world: World) -> None:
    approved = world.approved()
    changed = writing.change(actor=world.act("editor"), announcement=approved, values={"form": "modal"})
    assert changed.state == "draft"


def test_limits_are_for_administrators(world: World) -> None:
    with pytest.raises(NotAllowed):
        limits.set_limits(actor=world.act("owner"), most_at_once=1)
    path = "/settings/product-keys/limits/"
    assert signed_in(world, "editor").post(path, {"most_at_once": "1"}).status_code == 403
    client = signed_in(world, "administrator")
    assert client.post(path, {"most_at_once": "99"}).status_code == 422
    assert client.post(path, {"most_at_once": "4"}).status_code == 302
    assert FeedLimits.objects.get().most_at_once == 4
    assert 'value="4"' in client.get("/settings/product-keys/").content.decode()


def test_more_than_one_reading_full_of_others_is_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["apps.announcements.selectors.feed"], "CHUNK", 2)
    for number in range(5):
        world.due(title=f"Not for them {number}", audience_rule="id = other", priority=3)
    mine = world.due(title="Mine", priority=1)
    go_live()
    assert ids() == [mine.pk]


def test_what_was_answered_before_is_answered_anew_once_it_changed(world: World) -> None:
    made = live(world, title="Before", translations=[{"language": "de", "title": "Vorher"}])

    def said() -> list[tuple[str, str]]:
        return [
            tuple(row["title"] for row in feed(account="a", user="u", languages=[language]))  # type: ignore[misc]
            for language in ("en", "de")
        ]

    assert said() == [("Before",), ("Vorher",)]
    editor = world.act("editor")
    for title, german in (("Then", "Dann"), ("After", "Nachher")):
        running.pause(actor=editor, announcement=made)
        assert said() == [(), ()]
        changed = writing.change(
            actor=world.act("contributor"),
            announcement=made,
            values={"title": title, "translations": [{"language": "de", "title": german}]},
        )
        approving.approve(actor=editor, announcement=changed)
        running.schedule(actor=editor, announcement=changed, starts_at=None)
        go_live()
        assert said() == [(title,), (german,)]


def test_the_answer_is_what_the_selector_says(world: World) -> None:
    live(world, title="Ünïcode “quoted” <b>", surfaces=["home"])
    seen(live(world, title="Seen"), 3)
    answer = Program(world, "editor", "feed").get("/announcements/feed?account=acme&user=u1")
    assert answer["Content-Type"] == "application/json"
    said = feed(account="acme", user="u1")
    assert [{**row, "went_live_at": None} for row in answer.json()["announcements"]] == [
        {**row, "went_live_at": None} for row in said
    ]
    assert [row["shown_count"] for row in said] == [3, 0]


def test_administrators_change_the_limit_by_the_api(world: World) -> None:
    administrator, editor = Program(world, "administrator", "read", "admin"), Program(world, "editor")
    path = "/announcements/limits/"

    def change(program: Program, most: int, tag: str) -> int:
        return int(program.send("patch", path, {"most_at_once": most}, **{"If-Match": tag}).status_code)

    found = editor.get(path)
    assert found.json() == {"most_at_once": None, "version": 1}
    assert change(editor, 2, found["ETag"]) == 403
    assert change(administrator, 2, found["ETag"]) == 200
    assert change(administrator, 3, found["ETag"]) == 412
    assert change(administrator, 0, "*") == 400
    assert editor.get(path).json() == {"most_at_once": 2, "version": 2}
