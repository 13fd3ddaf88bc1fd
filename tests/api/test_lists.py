"""Pages, order, filters and `fields`, and what lists cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch
from apps.schedule.models import Placement
from tests.api.worlds import Api, World


def walk(api: Api, path: str) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = api.get(following)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += page["results"]
        following = page["next"]
        assert len(found) < 1000
    return found


@pytest.mark.parametrize(
    "ordering", ["name", "-name", "launch_day", "-launch_day", "created_at", "-updated_at"]
)
def test_pages_hold_every_row_once_in_order_also_those_without_a_value(world: World, ordering: str) -> None:
    for number in range(11):
        create_launch(
            actor=SYSTEM,
            name=f"Launch {number % 4}",
            launch_day=date(2027, 1, 1) + timedelta(days=number // 3) if number % 3 else None,
        )
    api = world.api("administrator")
    rows = walk(api, f"/launches/?limit=2&ordering={ordering}")
    assert len(rows) == 13
    assert len({row["id"] for row in rows}) == 13
    column = ordering.removeprefix("-")
    values = [row[column] for row in rows]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known
    assert known == sorted(known, reverse=ordering.startswith("-"))


def test_rows_added_while_reading_are_neither_skipped_nor_repeated(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/key_message/"
    for number in range(5):
        world.add("key_message", title=f"{number}")
    first = api.get(f"{path}?limit=3").json()
    world.add("key_message", title="late")
    rest = walk(api, first["next"])
    titles = [row["title"] for row in first["results"] + rest]
    assert titles == ["A key_message", "0", "1", "2", "3", "4", "late"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=1e1",
        "limit=٣",
        "ordering=password",
        "ordering=owner__password",
        "ordering=",
        "cursor=x",
        "cursor=W10",
        "cursor=WyJuYW1lIiwxLDFd",
        "cursor=%00",
        "cursor=é",
        "fields=nothing",
        "fields=name,nothing",
        "fields=",
        "state=lost",
        "owner=x",
        "owner=999999999999999999999",
        "launch_day_from=yesterday",
        "updated_since=x",
        "q=%00",
        "unknown=%00",
        "limit=1&cursor=" + "A" * 5000,
    ],
)
def test_a_bad_query_is_refused_with_a_message(world: World, query: str) -> None:
    answer = world.api("owner").get(f"/launches/?{query}")
    if query in ("ordering=", "cursor="):
        assert answer.status_code == 200
        return
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_a_cursor_belongs_to_its_order(world: World) -> None:
    api = world.api("administrator")
    following = api.get("/launches/?limit=1&ordering=name").json()["next"]
    assert api.get(following.replace("ordering=name", "ordering=launch_day")).status_code == 400


def test_fields_leave_out_everything_else(world: World) -> None:
    api = world.api("owner")
    row = api.get("/launches/?fields=slug,state").json()["results"][0]
    assert list(row) == ["slug", "state"]
    one = api.get(
        f"/launches/{world.launch.slug}/items/{world.first('calendar_entry').pk}/?fields=when,title"
    )
    assert list(one.json()) == ["when", "title"]
    assert one["ETag"]


def test_filters_narrow_the_lists(world: World) -> None:
    api = world.api("administrator")
    base = f"/launches/{world.launch.slug}"
    world.add("calendar_entry", title="Blog post", team=world.teams["support"], status="published")
    world.add("calendar_entry", title="Mail", owner=world.people["editor"])

    def titles(query: str) -> list[str]:
        return [row["title"] for row in walk(api, f"{base}/items/?{query}")]

    assert titles("status=published") == ["Blog post"]
    assert titles("status=published&status=idea") == ["A calendar_entry", "Blog post", "Mail"]
    assert titles("team=support") == ["Blog post"]
    assert titles(f"owner={world.people['editor'].pk}") == ["Mail"]
    assert titles("q=blog") == ["Blog post"]
    assert titles("updated_since=2100-01-01T00:00:00Z") == []
    assert [row["slug"] for row in walk(api, "/launches/?restricted=true")] == [world.secret.slug]
    assert len(walk(api, "/launches/?state=draft&state=active")) == 2
    assert walk(api, "/launches/?state=cancelled") == []


def test_placements_say_what_is_due_and_late(world: World) -> None:
    api = world.api("owner")
    item = world.first("calendar_entry")
    Placement.objects.filter(kind="calendar_entry", record_id=item.pk).update(
        starts_on=date(2020, 1, 1), ends_on=date(2020, 1, 7)
    )
    late = walk(api, "/placements/?standing=late")
    assert [(row["kind"], row["record_id"], row["launch"]) for row in late] == [
        ("calendar_entry", item.pk, world.launch.slug)
    ]
    assert late[0]["standing"] == "late"
    assert {row["launch"] for row in walk(api, f"/placements/?launch={world.secret.slug}")} == {
        world.secret.slug
    }
    api.post(f"/placements/{late[0]['id']}/block/", {"reason": "Legal has to look"})
    assert [row["blocked_by"] for row in walk(api, "/placements/?blocked=true")] == ["Legal has to look"]
    assert api.get("/placements/?standing=someday").status_code == 400


LISTS = [
    "launches",
    "placements",
    "members",
    "items",
    "phases",
    "metrics",
    "segments",
    "review",
    "people",
    "events",
]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_however_many_rows_it_shows(world: World, name: str) -> None:
    api = world.api("owner")
    base = f"/launches/{world.launch.slug}"
    path = {
        "launches": "/launches/",
        "placements": "/placements/",
        "people": "/people/",
        "events": "/events/",
        "review": f"{base}/records/review/",
    }.get(name, f"{base}/{name}/")

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = api.get(path)
        assert answer.status_code == 200
        return len(queries), len(answer.json()["results"])

    api.get("/me/")  # the token's "last used" is written once a minute
    few, rows_before = cost()
    from tests.api.worlds import User, fill, set_member

    for number in range(4):
        person = User.objects.create_user(f"more{number}@example.com", name=f"More {number}")
        person.teams.add(world.teams["sales"])
        set_member(actor=world.act("owner"), launch=world.launch, user=person, role="viewer")
        fill(world, world.launch)
        create_launch(actor=SYSTEM, name=f"More {number}", owner=person)
    many, rows_after = cost()
    assert rows_after > rows_before
    assert many <= few
    assert many <= 12


def test_every_kind_lists_at_a_fixed_cost(world: World) -> None:
    api = world.api("owner")
    api.get("/me/")
    costs: dict[str, list[int]] = {}
    from tests.api.worlds import fill

    for _ in range(2):
        for kind in kinds.all_kinds():
            with CaptureQueriesContext(connection) as queries:
                assert api.get(f"/launches/{world.launch.slug}/records/{kind.key}/").status_code == 200
            costs.setdefault(kind.key, []).append(len(queries))
        fill(world, world.launch)
    assert all(after <= before <= 10 for before, after in costs.values()), costs


def test_events_are_read_once_each_by_cursor(world: World) -> None:
    api = world.api("owner")
    seen: list[int] = []
    cursor, more = "0", True
    while more:
        page = api.get(f"/events/?after={cursor}&limit=7").json()
        seen += [row["id"] for row in page["results"]]
        cursor, more = page["cursor"], page["more"]
    assert seen == sorted(set(seen))
    assert api.get(f"/events/?after={cursor}").json() == {"results": [], "cursor": cursor, "more": False}
    Launch.objects.filter(pk=world.launch.pk).update(summary="not by a service")
    assert api.patch(f"/launches/{world.launch.slug}/", {"summary": "Told"}).status_code == 200
    (new,) = api.get(f"/events/?after={cursor}").json()["results"]
    assert (new["verb"], new["launch"]) == ("launch.changed", world.launch.slug)
    assert new["changes"] == {"summary": ["not by a service", "Told"]}
    assert new["actor"]["kind"] == "token"
    assert [row["verb"] for row in api.get(f"/events/?after={cursor}&verb=launch.").json()["results"]] == [
        "launch.changed"
    ]
    assert api.get(f"/events/?after={cursor}&verb=member.").json()["results"] == []


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "limit=501"]
)
def test_a_bad_event_cursor_is_refused(world: World, query: str) -> None:
    assert world.api("owner").get(f"/events/?{query}").status_code == 400
