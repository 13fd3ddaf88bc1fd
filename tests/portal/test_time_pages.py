"""Pages about time: the timeline, one thing's time, moving it, undoing that, clashes; who may, and bad input."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from apps.content.models import CalendarItem
from apps.content.services.saved import save_view
from apps.core.clock import now
from apps.schedule.graph import in_order
from apps.schedule.models import Dependency, Freeze, Move, Placement
from apps.schedule.services.hanging import hang
from apps.schedule.services.linking import add_dependency
from tests.portal.worlds import DAY, HTMX, TODAY, World, queries


def link(world: World, before: Any, after: Any, **more: Any) -> Dependency:
    return add_dependency(
        actor=world.actor("owner"),
        launch=world.launch,
        before=world.placement(before).pk,
        after=world.placement(after).pk,
        **more,
    )


def two(world: World) -> tuple[Any, Any]:
    draft = world.add("calendar_entry", title="Draft", when="T+5 days", owner=world.people["editor"])
    post = world.add("calendar_entry", title="Post", when="T+6 days", owner=world.people["owner"])
    return draft, post


@pytest.mark.parametrize("by", ["phase", "team", "date", "nonsense"])
@pytest.mark.parametrize("only", ["all", "linked", "critical", "late", "nonsense"])
def test_the_timeline_groups_and_narrows_as_its_address_says(world: World, by: str, only: str) -> None:
    draft, post = two(world)
    link(world, draft, post)
    world.add("calendar_entry", title="Late one", when="T-9 days", team=world.team)
    world.add("phase", title="Beta", when="Week 1")
    world.add("calendar_entry", title="Undated")
    response = world.client("member").get(f"{world.path}timeline/", {"by": by, "show": only})
    assert response.status_code == 200
    titles = {row.placement.title for section in response.context["sections"] for row in section.rows}
    assert titles == {
        "linked": {"Draft", "Post"},
        "critical": {"Draft", "Post"},
        "late": {"Late one"},
    }.get(only, {"Draft", "Post", "Late one", "Undated", "Beta"})
    content = response.content.decode()
    assert "waits for" in content
    assert "style=" not in content


def test_the_timeline_says_who_waits_and_what_is_late_delays(world: World) -> None:
    late = world.add("calendar_entry", title="Late one", when="T-1 days")
    after = world.add("calendar_entry", title="Then this", when="T+4 days")
    pressed = world.add("calendar_entry", title="Pressed", when="T+0 days")
    link(world, late, after)
    link(world, late, pressed)
    content = world.client("member").get(f"{world.path}timeline/").content.decode()
    assert "4 days late" in content
    assert "“Pressed” by 4 days" in content
    assert "“Then this” by" not in content


def bars(response: Any) -> set[str]:
    return {row.placement.title for section in response.context["sections"] for row in section.rows}


def test_the_timeline_reads_the_calendars_filter_and_keeps_what_hangs_together(world: World) -> None:
    channel = world.add("channel", title="Blog", channel_kind="blog")
    draft, post = two(world)
    link(world, draft, post)
    world.add("calendar_entry", title="Ours", when="T+9 days", team=world.team, channel=channel)
    world.add("calendar_entry", title="Gone", when="T+9 days", status="cancelled")
    world.add("phase", title="Beta", when="Days 1-9")
    client = world.client("editor")
    for query, titles in {
        f"team={world.team.pk}": {"Ours"},
        f"owner={world.people['owner'].pk}": {"Post"},
        f"channel={channel.pk}": {"Ours"},
        "state=cancelled": {"Gone"},
        "state=upcoming&q=dra": {"Draft"},
        "mine=1": {"Draft"},
        "kind=phase": {"Beta"},
        "mine=1&show=late": set(),
    }.items():
        response = client.get(f"{world.path}timeline/?{query}")
        assert bars(response) == titles, query
    # What it waits for counts though the filter leaves it out, and so does its phase's name.
    response = client.get(f"{world.path}timeline/?mine=1")
    [section] = response.context["sections"]
    assert section.title == "Beta"
    assert section.rows[0].critical
    assert [wait.after.title for wait in response.context["waits"]] == ["Post"]
    assert client.get(f"{world.path}timeline/?kind=phase").context["waits"] == []


def test_the_filter_goes_along_between_the_calendar_and_the_timeline(world: World) -> None:
    world.add("calendar_entry", title="Ours", when="T+9 days", team=world.team)
    client, query = world.client("editor"), f"team={world.team.pk}&mine=1&view="
    calendar = client.get(f"{world.path}calendar/?view=board&mine=1&team={world.team.pk}").content.decode()
    assert f'href="{world.path}timeline/?{query}timeline"'.replace("&", "&amp;") in calendar
    timeline = client.get(f"{world.path}timeline/?by=team&mine=1&team={world.team.pk}").content.decode()
    assert f'href="{world.path}calendar/?{query}month"'.replace("&", "&amp;") in timeline
    assert 'name="by" value="team"' in timeline
    # Whoever asks the calendar for it is sent there.
    asked = client.get(f"{world.path}calendar/?view=timeline&by=team&state=late&junk=1")
    assert asked["Location"] == f"{world.path}timeline/?by=team&state=late&view=timeline"


def test_a_timeline_is_saved_and_found_again(world: World) -> None:
    view = save_view(
        actor=world.actor("editor"), name="Late bars", launch=world.launch, shared=True,
        query="view=timeline&by=team&show=late&team=4&group=owner",
    )  # fmt: skip
    assert view.query == "by=team&show=late&team=4&view=timeline"
    address = f"{world.path}timeline/?{view.query}"
    for page in ("calendar/", "timeline/"):
        content = world.client("owner").get(world.path + page).content.decode()
        assert f'href="{address}"'.replace("&", "&amp;") in content
    shown = world.client("owner").get(address)
    assert (shown.context["shown"].by, shown.context["shown"].only) == ("team", "late")
    assert shown.context["save_url"].count("timeline") == 1


def test_the_timelines_file_holds_its_bars(world: World) -> None:
    world.add("phase", title="Beta", when="Week 1")
    world.add("calendar_entry", title="Late one", when="T-9 days", team=world.team)
    world.add("calendar_entry", title="Later", when="T+9 days", team=world.team)
    client = world.client("member")
    page = client.get(f"{world.path}timeline/?show=late&team={world.team.pk}")
    assert page.context["csv_url"] in page.content.decode().replace("&amp;", "&")

    def titles(query: str) -> list[str]:
        sheet = b"".join(client.get(f"{world.path}timeline/?{query}format=csv").streaming_content)
        return [row["title"] for row in csv.DictReader(io.StringIO(sheet.decode()))]

    assert titles(f"show=late&team={world.team.pk}&") == ["Late one"]
    assert sorted(titles("")) == ["Beta", "Late one", "Later"]


def test_what_is_late_since_this_morning_is_late_on_the_timeline(world: World) -> None:
    world.launch.zone = "UTC"
    world.launch.save()
    item = world.add("calendar_entry", title="This morning", when=f"{TODAY} 00:00")
    place = world.placement(item)
    Placement.objects.filter(pk=place.pk).update(ends_at=now() - timedelta(minutes=2))
    response = world.client("member").get(f"{world.path}timeline/?show=late")
    assert bars(response) == {"This morning"}
    assert {key: count for key, _, count in response.context["shows"]}["late"] == 1
    assert response.content.decode().count("late since today") == 2


def test_what_has_its_time_on_its_own_page_offers_no_move(world: World) -> None:
    world.add("calendar_entry", title="Ours", when="T+9 days")
    for kind in ("announcement", "campaign"):
        Placement.objects.create(
            launch=world.launch, kind=kind, record_id=1, title=f"The {kind}", anchor="launch_day",
            unit="day", offset=9, starts_on=DAY + timedelta(days=9), ends_on=DAY + timedelta(days=9),
        )  # fmt: skip
    client = world.client("owner")
    [section] = client.get(f"{world.path}timeline/?by=date").context["sections"]
    assert {row.placement.title: row.may_move for row in section.rows} == {
        "Ours": True, "The announcement": False, "The campaign": False,
    }  # fmt: skip
    for own in Placement.objects.filter(kind__in=["announcement", "campaign"]):
        assert b"Show what moves" not in client.get(f"{world.path}time/{own.pk}/").content


def test_many_late_things_cost_the_timeline_one_order_of_the_graph(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        world.add("calendar_entry", title=f"Late {number}", when=f"T-{number + 1} days")
    link(world, *(each for each in CalendarItem.objects.order_by("pk")[:2][::-1]))
    orders = []

    def counted(nodes: Any, edges: Any) -> Any:
        orders.append(nodes)
        return in_order(nodes, edges)

    monkeypatch.setattr("apps.schedule.critical.in_order", counted)
    response = world.client("member").get(f"{world.path}timeline/")
    assert (len(response.context["late"]), response.context["late_more"]) == (12, 18)
    assert "and 18 more that are late" in response.content.decode()
    assert len(orders) == 2  # once for the slack, once for what is delayed


def test_an_empty_launch_has_an_empty_timeline_that_says_so(world: World) -> None:
    response = world.client("member").get(f"{world.path}timeline/")
    assert b"Nothing has a time yet" in response.content


@pytest.mark.parametrize("path", ["timeline/", "clashes/", "move/?to=2031-01-01", "moves/"])
def test_pages_about_time_cost_the_same_for_a_hundred_items(world: World, path: str) -> None:
    def cost() -> int:
        client = world.client("owner")
        client.get(world.path + path)
        with queries() as captured:
            assert client.get(world.path + path).status_code == 200
        return len(captured)

    world.fill(40)
    few = cost()
    world.fill(90)
    placements = list(Placement.objects.filter(launch=world.launch).order_by("pk"))
    for before, after in zip(placements[:20], placements[20:40], strict=True):
        add_dependency(actor=world.actor("owner"), launch=world.launch, before=before.pk, after=after.pk)
    assert cost() <= few
    assert few <= 22  # a move looks at what it would clash with, too


@pytest.mark.parametrize("path", ["timeline/", "clashes/", "moves/", "time/{pk}/", "moves/{move}/undo/"])
def test_strangers_sign_in_and_a_restricted_launch_is_not_there(world: World, path: str) -> None:
    own = world.add("calendar_entry", launch=world.secret, title="Secret entry", when="T+3 days")
    move = Move.objects.create(
        launch=world.secret, anchor="launch_day", words="Secret move", made_by_label="x"
    )
    path = path.format(pk=world.placement(own).pk, move=move.pk)
    assert world.client().get(f"/launches/secret-launch/{path}").status_code == 302
    refused = world.client("editor").get(f"/launches/secret-launch/{path}")
    assert refused.status_code == 404
    assert b"Secret" not in refused.content
    assert world.client("owner").get(f"/launches/secret-launch/{path}").status_code == 200
    # Of another launch's ids nothing is told either.
    if path not in {"timeline/", "clashes/", "moves/"}:
        assert world.client("editor").get(world.path + path).status_code == 404


def test_an_item_is_moved_and_undone_from_its_toast(world: World) -> None:
    draft, post = two(world)
    link(world, draft, post)
    client = world.client("editor")
    pk = world.placement(draft).pk
    to = (DAY + timedelta(days=8)).isoformat()
    shown = client.get(f"{world.path}move/", {"anchor": "placement", "id": pk, "to": to})
    assert shown.status_code == 200
    assert "pushed by “Draft”" in shown.content.decode()
    data = {"anchor": "placement", "id": pk, "to": to, "landing": "keep",
            "fingerprint": shown.context["preview"].fingerprint, "reason": "Later"}  # fmt: skip
    moved = client.post(f"{world.path}move/", data, follow=True)
    assert world.placement(post).starts_on == DAY + timedelta(days=9)
    undo = f"{world.path}moves/{Move.objects.get().pk}/undo/"
    assert f'hx-post="{undo}"' in moved.content.decode()
    assert "and 1 thing with it" in moved.content.decode()
    assert b"Undo it" in client.get(undo).content
    assert client.post(undo, headers=HTMX).headers["HX-Redirect"] == f"{world.path}timeline/"
    assert world.placement(draft).starts_on == DAY + timedelta(days=5)
    again = client.post(undo)
    assert again.status_code == 409
    assert b"undone already" in again.content
    listed = client.get(f"{world.path}moves/").content.decode()
    assert "undone by Editor Person" in listed


def test_a_move_that_a_dependency_forbids_shows_why_and_offers_no_button(world: World) -> None:
    draft, post = two(world)
    link(world, draft, post, on_move="refuse")
    asked = {"anchor": "placement", "id": world.placement(draft).pk, "to": DAY + timedelta(days=8)}
    response = world.client("editor").get(f"{world.path}move/", asked)
    assert b"This move is not possible" in response.content
    assert b"Move exactly this" not in response.content
    forced = {**asked, "landing": "keep", "fingerprint": response.context["preview"].fingerprint}
    assert world.client("editor").post(f"{world.path}move/", forced).status_code == 409
    assert world.placement(draft).starts_on == DAY + timedelta(days=5)


def test_the_preview_names_the_clashes_a_move_brings_and_not_those_there_were(world: World) -> None:
    saturday = TODAY + timedelta(days=(5 - TODAY.weekday()) % 7 + 14)
    there = world.add("calendar_entry", title="There already", when=saturday.isoformat())
    own = world.add("calendar_entry", title="Mine", when="T+9 days")
    asked = {"anchor": "placement", "id": world.placement(own).pk, "to": saturday.isoformat()}
    clashes = world.client("editor").get(f"{world.path}move/", asked).context["clashes"]
    assert [clash.kind for clash in clashes] == ["day_off"]
    assert "“Mine” falls on a weekend" in clashes[0].words
    assert there.title not in clashes[0].words


def test_one_things_time_is_linked_hung_and_let_go(world: World) -> None:
    draft, post = two(world)
    client = world.client("editor")
    base = f"{world.path}time/{world.placement(post).pk}/"
    page = client.get(base)
    assert b"Let it wait for something" in page.content
    before = world.placement(draft).pk
    made = client.post(f"{base}waits/", {"before": before, "lag": 0, "on_move": "push"}, headers=HTMX)
    assert made.status_code == 200
    assert b"Draft" in made.content
    dependency = Dependency.objects.get()
    change = {"lag": 2, "on_move": "refuse", "version": 1}
    assert client.post(f"{base}waits/{dependency.pk}/", change).status_code == 302
    stale = client.post(f"{base}waits/{dependency.pk}/", {**change, "lag": 9})
    assert (stale.status_code, Dependency.objects.get().lag) == (409, 2)
    circle = client.post(
        f"{world.path}time/{before}/hang/",
        {"offset": 1, "unit": "day", "on": f"placement-{world.placement(post).pk}"},
        headers=HTMX,
    )
    assert circle.status_code == 422
    assert b"round in a circle" in circle.content
    assert client.post(f"{base}waits/{dependency.pk}/remove/").status_code == 302
    hung = {"offset": 3, "unit": "day", "on": f"placement-{before}", "version": world.placement(post).version}
    assert client.post(f"{base}hang/", hung).status_code == 302
    assert world.placement(post).wording == "3 days after “Draft” starts"
    assert client.post(f"{base}hang/", hung).status_code == 409
    sheet = client.get(f"{world.path}calendar/{world.placement(post).pk}/")
    assert "3 days after “Draft” starts" in sheet.content.decode()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("hang/", {}),
        ("hang/", {"offset": "soon", "unit": "day", "on": "launch_day"}),
        ("hang/", {"offset": "99999", "unit": "day", "on": "launch_day"}),
        ("hang/", {"offset": "9999", "unit": "day", "on": "launch_day"}),
        ("hang/", {"offset": "1", "unit": "moon", "on": "launch_day"}),
        ("hang/", {"offset": "1", "unit": "day", "on": "placement-0"}),
        ("hang/", {"offset": "1", "unit": "day", "on": "phase-99999999999999999999"}),
        ("waits/", {}),
        ("waits/", {"before": "0", "lag": 0, "on_move": "push"}),
        ("waits/", {"before": "9" * 40, "lag": 0, "on_move": "push"}),
        ("waits/", {"before": "x", "lag": 400, "on_move": "shrug"}),
    ],
)
def test_what_cannot_be_linked_or_hung_answers_422_and_changes_nothing(
    world: World, path: str, data: dict[str, Any]
) -> None:
    own = world.add("calendar_entry", title="Mine", when="T+9 days")
    base = f"{world.path}time/{world.placement(own).pk}/"
    version = world.placement(own).version
    for headers in ({}, HTMX):
        assert world.client("editor").post(base + path, data, headers=headers).status_code == 422
    assert world.placement(own).version == version
    assert not Dependency.objects.exists()


def test_who_may_only_look_is_told_and_sees_no_forms(world: World) -> None:
    draft, post = two(world)
    dependency = link(world, draft, post)
    pk = world.placement(post).pk
    base = f"{world.path}time/{pk}/"
    page = world.client("member").get(base).content.decode()
    assert "hx-post" not in page
    assert 'name="to"' not in page
    tries = {
        f"{base}hang/": {"offset": 1, "unit": "day", "on": "launch_day"},
        f"{base}waits/": {"before": world.placement(draft).pk, "lag": 0, "on_move": "push"},
        f"{base}waits/{dependency.pk}/": {"lag": 3, "on_move": "push"},
        f"{base}waits/{dependency.pk}/remove/": {},
        f"{world.path}clashes/": {"title": "Fair", "starts_on": "2031-01-01", "ends_on": "2031-01-02"},
    }
    for name in ("member", "viewer"):
        for path, data in tries.items():
            assert world.client(name).post(path, data).status_code in {403, 422}, path
        assert world.client(name).get(f"{world.path}move/?anchor=placement&id={pk}").status_code == 403
    assert (Dependency.objects.get().lag, Freeze.objects.count()) == (0, 0)


def test_days_are_frozen_for_one_launch_by_editors_and_for_all_by_administrators(world: World) -> None:
    day = TODAY + timedelta(days=20)
    data = {"title": "Fair", "starts_on": day.isoformat(), "ends_on": (day + timedelta(days=3)).isoformat()}
    world.add("calendar_entry", title="In it", when=(day + timedelta(days=1)).isoformat())
    path = f"{world.path}clashes/"
    assert world.client("editor").post(path, {**data, "everywhere": "on"}).status_code == 403
    assert world.client("editor").post(path, {**data, "ends_on": "2001-01-01"}).status_code == 422
    assert world.client("editor").post(path, data).status_code == 302
    assert world.client("administrator").post(path, {**data, "everywhere": "on"}).status_code == 302
    content = world.client("member").get(f"{path}?kind=freeze").content.decode()
    assert "“In it” falls into “Fair”" in content
    own, everywhere = Freeze.objects.get(launch=world.launch), Freeze.objects.get(launch=None)
    assert world.client("editor").post(f"{path}freezes/{everywhere.pk}/remove/").status_code == 403
    assert world.client("editor").post(f"{path}freezes/{own.pk}/remove/").status_code == 302
    assert world.client("editor").post(f"{path}freezes/{10**30}/remove/").status_code == 404
    assert Freeze.objects.count() == 1


def test_a_thing_hung_on_a_phase_stands_below_it(world: World) -> None:
    phase = world.add("phase", title="Beta", when="Week 1")
    own = world.add("calendar_entry", title="Mine", when="T+40 days")
    hang(actor=world.actor("owner"), placement=world.placement(own), anchor="phase", to=phase.pk, offset=60)
    sections = world.client("member").get(f"{world.path}timeline/").context["sections"]
    assert {section.title: [row.placement.title for row in section.rows] for section in sections} == {
        "Beta": ["Beta", "Mine"]
    }
