"""Checklists, links and files of an item, watching it, and whom a comment names."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import Notification
from apps.announcements.services.writing import create_announcement
from apps.content.models import Asset, CalendarItem
from apps.content.services import approving, material
from apps.content.services.approving import StepInput
from apps.core.errors import Invalid, NotAllowed
from apps.launches.services.comments import add_comment, watch
from tests.api.worlds import Api
from tests.portal.worlds import HTMX, World


@pytest.fixture
def item(world: World) -> Any:
    return world.add("calendar_entry", title="We launch", owner=world.people["contributor"])


def base(world: World, item: Any) -> str:
    return f"{world.path}calendar/{world.placement(item).pk}/"


def test_a_checklist_is_worked_off_on_the_page(world: World, item: Any) -> None:
    client = world.client("contributor")
    part = client.post(base(world, item) + "checklist/", {"text": "Ask legal"}, headers=HTMX)
    assert (part.status_code, "Ask legal" in part.content.decode()) == (200, True)
    todo = item.checklist.get()
    client.post(f"{base(world, item)}checklist/{todo.pk}/", {"do": "done"})
    todo.refresh_from_db()
    assert todo.done_by == world.people["contributor"]
    assert "1 of 1" in client.get(base(world, item)).content.decode()
    assert client.post(f"{base(world, item)}checklist/{todo.pk}/", {"do": "remove"}).status_code == 302
    assert not item.checklist.exists()
    empty = client.post(base(world, item) + "checklist/", {"text": " "}, headers=HTMX)
    assert empty.status_code == 422
    assert world.client("member").post(base(world, item) + "checklist/", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/x", "nothing", "https://"])
def test_links_are_http_only(world: World, item: Any, url: str) -> None:
    answer = world.client("contributor").post(
        base(world, item) + "links/", {"url": url, "kind": "other"}, headers=HTMX
    )
    assert answer.status_code == 422
    assert not item.links.exists()


def test_the_same_link_twice_is_one(world: World, item: Any) -> None:
    for _ in range(2):
        material.add_link(
            actor=world.actor("contributor"), item=item, url="https://tracker.example/1", kind="issue"
        )
    assert item.links.count() == 1


def test_a_file_is_kept_handed_out_as_a_download_and_removed_with_its_row(
    world: World, item: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = world.client("contributor")
    upload = SimpleUploadedFile("bild “eins”.html", b"<script>alert(1)</script>", content_type="text/html")
    client.post(base(world, item) + "files/", {"file": upload})
    asset = Asset.objects.get()
    assert (asset.size, asset.media_type) == (25, "text/html")
    address = f"{base(world, item)}files/{asset.pk}/"
    answer = world.client("member").get(address)
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''bild%20")
    path = asset.file.path
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)
    assert not Asset.objects.exists()
    with pytest.raises(FileNotFoundError), open(path, "rb"):
        pass


def test_files_of_a_launch_one_cannot_see_are_not_there(world: World) -> None:
    hidden = world.add("calendar_entry", world.secret, title="Hush")
    material.add_asset(actor=world.actor("owner"), item=hidden, upload=SimpleUploadedFile("a.txt", b"secret"))
    placement, asset = world.placement(hidden), Asset.objects.get()
    own = world.add("calendar_entry", title="Ours")
    for launch, thing in (
        (world.secret, placement),
        (world.launch, placement),
        (world.launch, world.placement(own)),
    ):
        address = f"/launches/{launch.slug}/calendar/{thing.pk}/files/{asset.pk}/"
        assert world.client("member").get(address).status_code == 404
    assert world.client().get(f"/launches/{world.secret.slug}/calendar/{placement.pk}/").status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.txt", b"", "empty"), ("x" * 190 + ".text-with-more", b"x", "200 characters")],
)
def test_bad_files_are_refused(world: World, item: Any, name: str, content: bytes, message: str) -> None:
    upload = SimpleUploadedFile("a.txt", content)
    upload.__dict__["_name"] = name
    with pytest.raises(Invalid, match=message):
        material.add_asset(actor=world.actor("contributor"), item=item, upload=upload)


def test_another_file_asks_for_approval_again(world: World) -> None:
    channel = world.add("channel", title="The blog")
    item = world.add("calendar_entry", title="We launch", channel=channel)
    approving.set_rule(
        actor=world.actor("owner"), channel=channel, steps=[StepInput(user=world.people["member"])]
    )
    approving.approve(actor=world.actor("member"), item=item)
    material.add_asset(
        actor=world.actor("editor"),
        item=CalendarItem.objects.get(pk=item.pk),
        upload=SimpleUploadedFile("a.txt", b"words"),
    )
    assert CalendarItem.objects.get(pk=item.pk).status == "in_review"


def test_taking_a_file_away_again_leaves_what_was_agreed_to(world: World) -> None:
    channel = world.add("channel", title="The blog")
    item = world.add("calendar_entry", title="We launch", channel=channel)
    approving.set_rule(
        actor=world.actor("owner"), channel=channel, steps=[StepInput(user=world.people["member"])]
    )
    approving.approve(actor=world.actor("member"), item=item)
    asset = material.add_asset(
        actor=world.actor("editor"), item=item, upload=SimpleUploadedFile("a.txt", b"words")
    )
    material.remove_asset(actor=world.actor("editor"), item=item, pk=asset.pk)
    after = CalendarItem.objects.get(pk=item.pk)
    assert (after.status, after.authors) == ("approved", [])


def test_a_file_does_not_send_back_what_an_announcement_decides(world: World) -> None:
    channel = world.add("channel", title="In the product", channel_kind="in_app")
    item = world.add("calendar_entry", title="We launch", channel=channel, status="approved")
    approving.set_rule(
        actor=world.actor("owner"), channel=channel, steps=[StepInput(user=world.people["member"])]
    )
    create_announcement(actor=world.actor("editor"), launch=world.launch, values={"title": "New"}, item=item)
    material.add_asset(actor=world.actor("editor"), item=item, upload=SimpleUploadedFile("a.txt", b"words"))
    assert CalendarItem.objects.get(pk=item.pk).status != "in_review"


def test_the_api_keeps_what_the_page_keeps(world: World, item: Any) -> None:
    from apps.accounts.services import create_token
    from apps.core.actors import SYSTEM

    _, token = create_token(
        actor=SYSTEM, user=world.people["contributor"], name="t", scopes=["read", "write"]
    )
    api, base_path = Api(token), f"/launches/{world.launch.slug}/items/{item.pk}"
    made = api.post(f"{base_path}/checklist/", {"text": "Ask legal"})
    assert made.status_code == 201, made.content
    done = api.post(f"{base_path}/checklist/{made.json()['id']}/done/", {})
    assert done.json()["done_at"]
    assert api.post(f"{base_path}/links/", {"url": "javascript:x"}).status_code == 400
    assert api.post(f"{base_path}/links/", {"url": "https://a.example/"}).status_code == 201
    upload = SimpleUploadedFile("a.txt", b"words")
    sent = api.client.post(f"/api/v1{base_path}/files/", {"file": upload}, headers=api.headers)
    assert sent.status_code == 201, sent.content
    got = api.get(f"{base_path}/files/{sent.json()['id']}/")
    assert b"".join(got.streaming_content) == b"words"
    assert api.delete(f"{base_path}/files/{sent.json()['id']}/").status_code == 204
    assert api.post(f"{base_path}/submit/").json()["status"] == "in_review"
    review = api.get(f"{base_path}/review/").json()
    assert (review["demanded"], review["is_complete"]) == (False, False)
    assert api.post(f"{base_path}/approve/", {"note": "Fine"}).status_code == 403
    assert api.post(f"{base_path}/watch/", {"on": True}).json() == {"on": True}


def test_a_watcher_hears_of_comments_until_they_stop(world: World, item: Any) -> None:
    watch(actor=world.actor("member"), record=item)
    add_comment(actor=world.actor("editor"), record=item, text="First")
    watch(actor=world.actor("member"), record=item, on=False)
    add_comment(actor=world.actor("editor"), record=item, text="Second")
    heard = Notification.objects.filter(user=world.people["member"]).values_list("body", flat=True)
    assert list(heard) == ["First"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Member Person, look", ["member"]),
        ("@member: look. Also @owner!", ["member", "owner"]),
        ("(@viewer@example.com)", ["viewer"]),
        ("mail member@example.com", []),
        ("@Memberx and @@member", []),
        ("@person", []),
        ("@", []),
    ],
)
def test_a_comment_names_people(world: World, item: Any, text: str, named: list[str]) -> None:
    add_comment(actor=world.actor("editor"), record=item, text=text)
    told = Notification.objects.filter(kind="mention").values_list("user__email", flat=True)
    assert sorted(told) == sorted(f"{name}@example.com" for name in named)


def test_who_is_named_is_told_once_and_only_of_what_they_may_see(world: World) -> None:
    item = world.add("calendar_entry", title="We launch", owner=world.people["contributor"])
    add_comment(actor=world.actor("editor"), record=item, text="@contributor?")
    assert Notification.objects.filter(user=world.people["contributor"]).count() == 1
    hidden = world.add("calendar_entry", world.secret, title="Hush")
    add_comment(actor=world.actor("owner"), record=hidden, text="@member?")
    assert not Notification.objects.filter(user=world.people["member"]).exists()


def test_strangers_do_not_watch(world: World) -> None:
    hidden = world.add("calendar_entry", world.secret, title="Hush")
    with pytest.raises(Exception, match="no such launch") as refused:
        watch(actor=world.actor("member"), record=hidden)
    assert not isinstance(refused.value, NotAllowed)
