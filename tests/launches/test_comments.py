"""Comments on the records of a plan: who may speak, who is told, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Notification
from apps.audit.models import Event
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.launches.models import Comment
from apps.launches.services.comments import LONGEST, add_comment, remove_comment
from apps.launches.services.records import remove_record
from tests.portal.worlds import HTMX, World, queries


@pytest.fixture
def record(world: World) -> Any:
    return world.add("key_message", title="Said once", owner=world.people["contributor"])


def test_what_is_said_is_kept_audited_and_told_to_the_owner_and_who_spoke(world: World, record: Any) -> None:
    add_comment(actor=world.actor("member"), record=record, text=" Is this **true**?\r\nReally? ")
    add_comment(actor=world.actor("editor"), record=record, text="Yes.")
    first, second = Comment.objects.all()
    assert (first.text, first.author_label) == ("Is this **true**?\nReally?", "Member Person")
    assert Event.objects.filter(verb="key_message.commented", object_id=record.pk).count() == 2
    told = Notification.objects.filter(kind="comment").values_list("user__name", "source")
    assert sorted(told) == sorted(
        [
            ("Contributor Person", f"comment:{first.pk}"),
            ("Contributor Person", f"comment:{second.pk}"),
            ("Member Person", f"comment:{second.pk}"),
        ]
    )


def test_nobody_is_told_of_a_launch_they_cannot_see(world: World) -> None:
    hidden = world.add("key_message", world.secret, title="Hush", owner=world.people["member"])
    add_comment(actor=world.actor("owner"), record=hidden, text="Quiet.")
    assert not Notification.objects.filter(kind="comment").exists()
    with pytest.raises(NotFound):
        add_comment(actor=world.actor("member"), record=hidden, text="What?")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST + 1)])
def test_nothing_and_too_much_are_refused(world: World, record: Any, text: str) -> None:
    with pytest.raises(Invalid):
        add_comment(actor=world.actor("owner"), record=record, text=text)
    assert not Comment.objects.exists()


def test_one_takes_back_ones_own_and_editors_any(world: World, record: Any) -> None:
    mine = add_comment(actor=world.actor("member"), record=record, text="Mine")
    theirs = add_comment(actor=world.actor("owner"), record=record, text="Theirs")
    with pytest.raises(NotAllowed):
        remove_comment(actor=world.actor("member"), record=record, pk=theirs.pk)
    with pytest.raises(NotAllowed):
        add_comment(actor=world.actor("viewer"), record=record, text="May I?")
    remove_comment(actor=world.actor("member"), record=record, pk=mine.pk)
    remove_comment(actor=world.actor("editor"), record=record, pk=theirs.pk)
    with pytest.raises(NotFound):
        remove_comment(actor=world.actor("editor"), record=record, pk=theirs.pk)
    assert Event.objects.filter(verb="key_message.comment_removed").count() == 2


def test_a_removed_record_takes_no_comments(world: World, record: Any) -> None:
    remove_record(actor=world.actor("owner"), record=record)
    with pytest.raises(NotFound):
        add_comment(actor=world.actor("owner"), record=record, text="Too late")


def test_the_page_shows_them_and_the_plan_counts_them(world: World, record: Any) -> None:
    client = world.client("member")
    path = f"{world.path}plan/key_message/{record.pk}/"
    answer = client.post(f"{path}comments/", {"text": "<b>Bold</b> claim"}, headers=HTMX)
    body = answer.content.decode()
    assert body.lstrip().startswith('<section id="comments"')
    assert "&lt;b&gt;Bold&lt;/b&gt; claim" in body
    answer = client.post(f"{path}comments/", {"text": "And one more"})
    assert answer["Location"] == f"{path}#comments"
    assert "And one more" in client.get(path).content.decode()
    assert "2 comments on Said once" in client.get(f"{world.path}plan/").content.decode()
    answer = client.post(f"{path}comments/", {"text": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert world.client("viewer").post(f"{path}comments/", {"text": "x"}).status_code == 403
    assert "<textarea" not in world.client("viewer").get(f"{path}comments/").content.decode()
    pk = Comment.objects.latest("pk").pk
    assert client.post(f"{path}comments/{pk}/remove/", headers=HTMX).status_code == 200
    assert Comment.objects.count() == 1


def test_a_dated_record_carries_them_on_the_calendar_too(world: World) -> None:
    entry = world.add("calendar_entry", title="Post", when="Week 1")
    add_comment(actor=world.actor("owner"), record=entry, text="Needs a picture")
    body = world.client("member").get(f"{world.path}calendar/{world.placement(entry).pk}/").content.decode()
    assert "Needs a picture" in body


def test_the_plan_costs_the_same_however_much_was_said(world: World, record: Any) -> None:
    counts = []
    for said in (1, 20):
        for number in range(said):
            add_comment(actor=world.actor("owner"), record=record, text=f"Number {number}")
        client = world.client("owner")
        client.get(f"{world.path}plan/")
        with queries() as captured:
            client.get(f"{world.path}plan/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
