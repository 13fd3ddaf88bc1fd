"""The API of announcements: the way from draft to live, the feed and its token, receipts that merge."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import create_token
from apps.announcements.models import Announcement, Receipt
from apps.announcements.selectors import database_now
from apps.announcements.services import running
from apps.announcements.services.clock import go_live
from apps.core.actors import SYSTEM
from apps.launches.models import Launch
from tests.announcements.worlds import World

API = "/api/v1"


class Program:
    """A program that calls the API with one person's token."""

    def __init__(self, world: World, name: str, *scopes: str) -> None:
        person = world.people[name]
        self.token, text = create_token(
            actor=SYSTEM, user=person, name="test", scopes=scopes or ("read", "write")
        )
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(API + path, headers=headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(self.client, method)(API + path, headers=headers, **given)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("post", path, body, **headers)


def live(world: World, **values: Any) -> Announcement:
    made = world.due(**values)
    go_live()
    return Announcement.objects.get(pk=made.pk)


def test_from_draft_to_the_feed(world: World) -> None:
    writer, editor = Program(world, "contributor"), Program(world, "editor")
    made = writer.post(
        f"/launches/{world.launch.slug}/announcements/",
        {"title": "Simpler", "body": "Set **once**.", "teams": ["marketing"], "surfaces": ["settings"]},
    )
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made["Location"] == f"{API}/announcements/{pk}/"
    assert (
        writer.get(made["Location"].removeprefix(API)).json()["html"] == "<p>Set <strong>once</strong>.</p>\n"
    )
    assert writer.post(f"/announcements/{pk}/approve/").status_code == 403
    assert editor.post(f"/announcements/{pk}/approve/").json()["state"] == "approved"
    start = database_now() + timedelta(hours=1)
    scheduled = editor.post(
        f"/announcements/{pk}/schedule/",
        {"starts_at": f"{start:%Y-%m-%dT%H:%M:%S}+00:00", "zone": "America/New_York"},
    )
    assert (scheduled.status_code, scheduled.json()["zone"]) == (200, "America/New_York")
    assert datetime.fromisoformat(scheduled.json()["starts_at"]) == start.replace(microsecond=0)
    listed = writer.get(f"/launches/{world.launch.slug}/announcements/?state=scheduled").json()["results"]
    assert [row["id"] for row in listed] == [pk]
    assert editor.post(f"/announcements/{pk}/pause/").json()["state"] == "paused"
    assert editor.post(f"/announcements/{pk}/resume/").json()["state"] == "scheduled"
    product = Program(world, "editor", "feed")
    address = "/announcements/feed?account=acme&user=u1"
    assert product.get(address).json() == {"announcements": []}
    assert editor.post(f"/announcements/{pk}/schedule/", {}).status_code == 200
    go_live()
    [entry] = product.get(address).json()["announcements"]
    assert (entry["id"], entry["title"], entry["html"]) == (
        pk,
        "Simpler",
        "<p>Set <strong>once</strong>.</p>\n",
    )
    assert editor.post(f"/announcements/{pk}/cancel/", {"reason": "Wrong."}).json()["state"] == "cancelled"
    assert product.get(address).json() == {"announcements": []}


def test_a_wall_time_counts_in_the_zone_that_is_named(world: World) -> None:
    approved = world.approved()
    answer = Program(world, "editor").post(
        f"/announcements/{approved.pk}/schedule/",
        {"starts_at": "2027-07-01T09:00", "zone": "America/New_York"},
    )
    assert answer.json()["starts_at"] == "2027-07-01T13:00:00Z"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": 5}, "starts_at"),
        ({"starts_at": {"a": 1}}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "2999-01-01T00:00:00Z"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": 7}, "zone"),
        ({"when": "now"}, "when"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_by_name(world: World, body: Any, field: str) -> None:
    approved = world.approved()
    answer = Program(world, "editor").post(f"/announcements/{approved.pk}/schedule/", body)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert Announcement.objects.get(pk=approved.pk).state == "approved"


@pytest.mark.parametrize("body", ["[]", "false", "0", '""', "null", "[{}]", "5", '"now"', "true"])
@pytest.mark.parametrize("step", ["schedule", "cancel", "send_back"])
def test_a_body_that_is_no_object_does_nothing(world: World, step: str, body: str) -> None:
    approved = world.approved()
    program = Program(world, "editor")
    answer = program.client.post(
        f"{API}/announcements/{approved.pk}/{step}/", data=body, content_type="application/json"
    )
    assert answer.status_code == 400, answer.content
    assert Announcement.objects.get(pk=approved.pk).state == "approved"


@pytest.mark.parametrize("body", [None, "", "{}"])
def test_a_schedule_without_a_time_means_at_once(world: World, body: str | None) -> None:
    approved = world.approved()
    program = Program(world, "editor")
    kind = {} if body is None else {"content_type": "application/json"}
    answer = program.client.generic(
        "POST", f"{API}/announcements/{approved.pk}/schedule/", body or "", **kind
    )
    assert answer.status_code == 200, answer.content
    assert go_live().live == [approved.pk]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": ["x"]}, "title"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "teams": ["nobody"]}, "teams"),
        ({"title": "x", "teams": "marketing"}, "teams"),
        ({"title": "x", "surfaces": ["No Good"]}, "surfaces"),
        ({"title": "x", "action_url": "javascript:x", "action_label": "y"}, "action_url"),
        ({"title": "x", "action_url": "http://example.com", "action_label": "y"}, "action_url"),
        ({"title": "x", "priority": 5}, "priority"),
        ({"title": "x", "item": 987654}, "item"),
        ({"title": "x", "owner": 987654}, "owner"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_by_name(world: World, body: Any, field: str) -> None:
    answer = Program(world, "editor").post(f"/launches/{world.launch.slug}/announcements/", body)
    assert answer.status_code == 400, answer.content
    assert any(name.startswith(field) for name in answer.json()["errors"])
    assert not Announcement.objects.exists()


def test_an_item_of_another_team_is_not_to_be_had_through_an_announcement(world: World) -> None:
    item = world.item()
    path = f"/launches/{world.launch.slug}/announcements/"
    answer = Program(world, "other_contributor").post(path, {"title": "x", "item": item.pk})
    assert (answer.status_code, Announcement.objects.count()) == (403, 0)
    assert Program(world, "contributor").post(path, {"title": "x", "item": item.pk}).status_code == 201


@pytest.mark.parametrize("body", [{"team": "sales"}, {"owner": "editor"}])
def test_a_contributor_cannot_write_for_others(world: World, body: dict[str, Any]) -> None:
    program = Program(world, "contributor")
    if "owner" in body:
        body = {"owner": world.people["editor"].pk}
    path = f"/launches/{world.launch.slug}/announcements/"
    assert program.post(path, {"title": "x", **body}).status_code == 403
    assert not Announcement.objects.exists()
    draft = world.draft()
    answer = program.send("patch", f"/announcements/{draft.pk}/", body, **{"If-Match": '"1"'})
    assert answer.status_code == 403
    assert Announcement.objects.get(pk=draft.pk).version == 1


def test_changing_wants_the_version_that_was_read(world: World) -> None:
    draft = world.draft()
    program = Program(world, "editor")
    path = f"/announcements/{draft.pk}/"
    assert program.send("patch", path, {"title": "x"}).status_code == 428
    assert program.send("patch", path, {"title": "x"}, **{"If-Match": '"9"'}).status_code == 412
    changed = program.send("patch", path, {"title": "x"}, **{"If-Match": program.get(path)["ETag"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    answer = Program(world, "owner").post(f"{path}approve/", **{"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["current"]["title"]) == (412, "x")


def test_the_same_key_makes_one_draft(world: World) -> None:
    program = Program(world, "editor")
    path = f"/launches/{world.launch.slug}/announcements/"
    first = program.post(path, {"title": "x"}, **{"Idempotency-Key": "abc"})
    again = program.post(path, {"title": "x"}, **{"Idempotency-Key": "abc"})
    assert first.json()["id"] == again.json()["id"]
    assert Announcement.objects.count() == 1


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer lp_wrong", 401),
        ("Bearer", 401),
        ("Bearer a b", 401),
        ("Bearer lp_\xff", 401),
        ("Basic abc", 401),
    ],
)
def test_the_feed_wants_a_token(world: World, header: str | None, status: int) -> None:
    live(world)
    client = Client(headers={"Authorization": header} if header else {})
    answer = client.get(f"{API}/announcements/feed?account=acme&user=u1")
    assert answer.status_code == status
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"Settings" not in answer.content


def test_the_feed_wants_the_scope_for_it_and_no_session(world: World) -> None:
    live(world)
    path = "/announcements/feed?account=acme&user=u1"
    assert Program(world, "administrator", "read", "write", "admin").get(path).status_code == 403
    browser = Client()
    browser.force_login(
        world.people["administrator"], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert browser.get(API + path).status_code == 401
    product = Program(world, "viewer", "feed")
    assert product.get(path).status_code == 200
    assert product.get("/launches/").status_code == 403
    for method in ("post", "put", "patch", "delete"):
        assert product.send(method, path, {}).status_code == 405


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "account"),
        ("account=acme", "user"),
        ("user=u1", "account"),
        ("account=acme&user=", "user"),
        (f"account={'a' * 201}&user=u1", "account"),
        ("account=acme&user=u1&surface=No%20Good", "surface"),
    ],
)
def test_the_feed_says_what_is_missing(world: World, query: str, field: str) -> None:
    answer = Program(world, "editor", "feed").get(f"/announcements/feed?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_null_bytes_are_refused(world: World) -> None:
    assert Program(world, "editor", "feed").get("/announcements/feed?account=a%00&user=u").status_code == 400


def test_the_feed_answers_304_until_something_changes(world: World) -> None:
    first = live(world)
    product = Program(world, "editor", "feed")
    path = "/announcements/feed?account=acme&user=u1"
    answer = product.get(path)
    assert product.get(path, **{"If-None-Match": answer["ETag"]}).status_code == 304
    running.pause(actor=world.act("editor"), announcement=first)
    changed = product.get(path, **{"If-None-Match": answer["ETag"]})
    assert (changed.status_code, changed.json()) == (200, {"announcements": []})


def test_surfaces_priority_and_order(world: World) -> None:
    anywhere = live(world, title="Anywhere")
    settings = live(world, title="Settings", surfaces=["settings"])
    urgent = live(world, title="Urgent", surfaces=["home"], priority=3)
    product = Program(world, "editor", "feed")

    def shown(surface: str) -> list[str]:
        answer = product.get(f"/announcements/feed?account=a&user=u&surface={surface}")
        return [row["title"] for row in answer.json()["announcements"]]

    assert shown("") == [urgent.title, settings.title, anywhere.title]
    assert shown("settings") == [settings.title, anywhere.title]
    assert shown("home") == [urgent.title, anywhere.title]
    assert shown("elsewhere") == [anywhere.title]


def test_the_feed_takes_two_queries_however_much_is_live(world: World) -> None:
    product = Program(world, "editor", "feed")
    path = "/announcements/feed?account=acme&user=u1"
    product.get(path)  # the token is marked as used, which happens once a minute
    for number in range(5):
        world.due(title=f"Number {number}")
    go_live()
    with CaptureQueriesContext(connection) as queries:
        assert len(product.get(path).json()["announcements"]) == 5
    assert len(queries) <= 4  # what was not answered before is read once
    with CaptureQueriesContext(connection) as queries:
        assert len(product.get(path).json()["announcements"]) == 5
    assert len(queries) <= 2


def report(announcement: Announcement, **values: Any) -> dict[str, Any]:
    return {"announcement": announcement.pk, "account": "acme", "user": "u1", **values}


def test_what_a_user_dismissed_is_gone_for_them_on_every_surface(world: World) -> None:
    shown = live(world)
    product = Program(world, "editor", "feed")
    sent = product.post(
        "/announcements/receipts",
        {
            "receipts": [
                report(shown, dismissed_at=database_now().isoformat(), first_seen_at="2026-01-01T00:00:00Z")
            ]
        },
    )
    assert sent.json() == {"stored": 1, "unknown": []}
    for account, user, count in (("acme", "u1", 0), ("acme", "u2", 1), ("other", "u1", 1)):
        answer = product.get(f"/announcements/feed?account={account}&user={user}&surface=settings")
        assert len(answer.json()["announcements"]) == count


@pytest.mark.parametrize(
    ("account", "user"),
    [
        (" acme", "u1 "),
        ("acme\u3000", " "),
        ("a cme", "\u00a0u1"),
        ("ac+me & co", "ü/1?=#%"),
        ("a" * 200, "u" * 200),
    ],
)
def test_an_id_means_the_same_user_in_feed_and_receipts(world: World, account: str, user: str) -> None:
    shown = live(world)
    product = Program(world, "editor", "feed")
    path = "/announcements/feed?" + urlencode({"account": account, "user": user})
    stripped = "/announcements/feed?" + urlencode({"account": account.strip(), "user": user.strip() or "u"})
    assert len(product.get(path).json()["announcements"]) == 1
    sent = report(shown, account=account, user=user, dismissed_at=database_now().isoformat())
    assert product.post("/announcements/receipts", {"receipts": [sent]}).json()["stored"] == 1
    assert product.get(path).json() == {"announcements": []}
    others = 0 if stripped == path else 1
    assert len(product.get(stripped).json()["announcements"]) == others


@pytest.mark.parametrize("broken", ["", "a" * 201, "a\n", "\ta", "a\x7f", "\x85a", "\x1b"])
@pytest.mark.parametrize("name", ["account", "user"])
def test_feed_and_receipts_refuse_the_same_ids(world: World, name: str, broken: str) -> None:
    shown = live(world)
    product = Program(world, "editor", "feed")
    ids = {"account": "acme", "user": "u1", name: broken}
    asked = product.get("/announcements/feed?" + urlencode(ids))
    assert (asked.status_code, list(asked.json()["errors"])) == (400, [name])
    sent = product.post("/announcements/receipts", {"receipts": [report(shown, **ids)]})
    assert sent.status_code == 400
    assert name in json.dumps(sent.json()["errors"])
    assert not Receipt.objects.exists()


def test_the_feed_is_for_the_product_whoever_may_see_the_launch(world: World) -> None:
    shown = live(world)
    Launch.objects.filter(pk=world.launch.pk).update(restricted=True)
    product = Program(world, "stranger", "feed")
    [entry] = product.get("/announcements/feed?account=acme&user=u1").json()["announcements"]
    assert entry["id"] == shown.pk
    assert Program(world, "stranger").get(f"/announcements/{shown.pk}/").status_code == 404


def test_receipts_merge_the_same_in_any_order_and_when_repeated(world: World) -> None:
    shown = live(world)
    product = Program(world, "editor", "feed")
    parts = [
        {"first_seen_at": "2026-01-02T00:00:00Z", "last_seen_at": "2026-01-03T00:00:00Z", "shown_count": 2},
        {"last_seen_at": "2026-01-05T00:00:00Z", "clicked_at": "2026-01-05T00:00:00Z", "shown_count": 3},
        {"first_seen_at": "2026-01-01T00:00:00Z", "shown_count": 1, "clicked_at": "2026-01-04T00:00:00Z"},
    ]
    stored = set()
    for order in itertools.permutations(parts):
        Receipt.objects.all().delete()
        for part in order:
            product.post("/announcements/receipts", {"receipts": [report(shown, **part)]})
        product.post("/announcements/receipts", {"receipts": [report(shown, **part) for part in order]})
        stored.add(
            Receipt.objects.values_list(
                "first_seen_at", "last_seen_at", "clicked_at", "dismissed_at", "shown_count"
            ).get()
        )
    [(first, last, clicked, dismissed, count)] = stored
    assert [f"{each:%d}" for each in (first, last, clicked)] == ["01", "05", "04"]
    assert (dismissed, count) == (None, 3)


def test_a_clock_that_runs_ahead_does_not_write_the_future(world: World) -> None:
    shown = live(world)
    Program(world, "editor", "feed").post(
        "/announcements/receipts", {"receipts": [report(shown, clicked_at="2099-01-01T00:00:00Z")]}
    )
    assert Receipt.objects.get().clicked_at <= database_now()


def test_receipts_for_what_never_was_live_are_left_out(world: World) -> None:
    shown, draft = live(world), world.draft()
    answer = Program(world, "editor", "feed").post(
        "/announcements/receipts", {"receipts": [report(shown), report(draft)]}
    )
    assert answer.json() == {"stored": 1, "unknown": [draft.pk]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"receipts": []},
        {"receipts": "x"},
        {"receipts": [5]},
        {"receipts": [{"announcement": 1}]},
        {"receipts": [{"announcement": -1, "account": "a", "user": "u"}]},
        {"receipts": [{"announcement": 2**63, "account": "a", "user": "u"}]},
        {"receipts": [{"announcement": 1, "account": "a" * 201, "user": "u"}]},
        {"receipts": [{"announcement": 1, "account": "a", "user": "u", "shown_count": -1}]},
        {"receipts": [{"announcement": 1, "account": "a", "user": "u", "shown_count": 10**12}]},
        {"receipts": [{"announcement": 1, "account": "a", "user": "u", "clicked_at": "then"}]},
        {
            "receipts": [
                {"announcement": 1, "account": "a", "user": "u", "clicked_at": "0001-01-01T00:00:00+14:00"}
            ]
        },
        {"receipts": [{"announcement": 1, "account": "a", "user": "u", "opened": 1}]},
        {"receipts": [{"announcement": 1, "account": "a", "user": "u"}] * 1001},
    ],
)
def test_broken_receipts_are_refused_whole(world: World, body: Any) -> None:
    answer = Program(world, "editor", "feed").post("/announcements/receipts", body)
    assert answer.status_code == 400, answer.content
    assert not Receipt.objects.exists()


def test_receipts_want_the_scope(world: World) -> None:
    shown = live(world)
    body = {"receipts": [report(shown)]}
    assert Program(world, "editor", "read", "write").post("/announcements/receipts", body).status_code == 403
    assert (
        Client().post(f"{API}/announcements/receipts", body, content_type="application/json").status_code
        == 401
    )


def test_other_launches_announcements_are_not_there_for_strangers(world: World) -> None:
    draft = world.draft()
    type(world.launch).objects.filter(pk=world.launch.pk).update(restricted=True)
    stranger = Program(world, "stranger")
    assert stranger.get(f"/announcements/{draft.pk}/").status_code == 404
    assert stranger.post(f"/announcements/{draft.pk}/approve/").status_code == 404
    assert stranger.get(f"/launches/{world.launch.slug}/announcements/").status_code == 404
