"""Adding by typing: what a line says, what is unclear, and that no word of it is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.content.models import CalendarItem
from apps.content.quick import LONGEST, Line, Name, read_line
from tests.portal.worlds import HTMX, World

TEAMS = [Name(1, "Marketing", ("marketing",)), Name(2, "Customer success", ("success",))]
PEOPLE = [Name(11, "Ada Lovelace", ("ada@example.com", "ada")), Name(12, "Adam Smith", ("adam@example.com",))]
CHANNELS = [
    Name(21, "Docs", ("docs",)),
    Name(22, "Product blog", ("blog",)),
    Name(23, "Company blog", ("blog",)),
]


def read(text: str) -> Line:
    return read_line(text, teams=TEAMS, people=PEOPLE, channels=CHANNELS)


def test_a_line_says_everything() -> None:
    line = read("blog post T-5 @marketing #docs !ada")
    assert line.title == "blog post"
    assert line.when is not None
    assert (line.when.unit, line.when.offset) == ("day", -5)
    assert [name and name.label for name in (line.team, line.owner, line.channel)] == [
        "Marketing", "Ada Lovelace", "Docs",
    ]  # fmt: skip
    assert line.problems == {}


@pytest.mark.parametrize(
    ("text", "title", "when"),
    [
        ("Mail the beta two weeks before launch", "Mail the beta", "two weeks before launch"),
        ("on Week -2 draft the post", "draft the post", "Week -2"),
        ("Post by 2026-03-04 15:00, please", "Post , please", "2026-03-04 15:00"),
        ("Launch the thing", "Launch the thing", None),
        ("v2.5-day notes", "v2.5-day notes", None),
        ("mail a@b.example about C#", "mail a@b.example about C#", None),
    ],
)
def test_the_time_stands_anywhere(text: str, title: str, when: str | None) -> None:
    line = read(text)
    assert (line.title, line.when.text if line.when else None) == (title, when)


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("call @ad", "owner", "Ada Lovelace, Adam Smith"),
        ("call @nobody", "owner", "no team or person “nobody”"),
        ("call !marketing", "owner", "no person “marketing”"),
        ("post #blog", "channel", "Product blog, Company blog"),
        ("post #radio", "channel", "no channel “radio”"),
        ("post T-5 T-3", "when", "several times"),
        ("@marketing T-5", "title", "what is to be done"),
        ("call !ada !adam", "owner", "second owner"),
        ("plan in Q1", "when", "Which year"),
        ("", "text", "Type what"),
        ("   ", "text", "Type what"),
        ("x" * 10_000, "text", "10,000 characters"),
        ("a\x00b", "text", "control character"),
        ("a\nb", "text", "control character"),
        ("a\x1fb", "text", "control character"),
    ],
)
def test_what_is_unclear_is_said(text: str, field: str, says: str) -> None:
    assert says in " ".join(read(text).problems[field])


def test_a_name_in_quotes_is_exact() -> None:
    line = read('post #"product blog" @"customer success"')
    assert (line.channel, line.team) == (CHANNELS[1], TEAMS[1])
    assert line.title == "post"


LINES = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            ["blog", "post", "T-5", "@marketing", "#docs", "!ada", "@", "#", "Week", "-2", "on", "by", "(", "“x”",
             "2026-03-04", "15:00", "launch", "day", "@ad", '#"a', "C#", "a@b", "½", "第3週", "\u200f", "é"]
        ),
        max_size=14,
    ).map(" ".join),
)  # fmt: skip


def test_no_time_is_read_across_a_name() -> None:
    line = read("launch @marketing day")
    assert (line.when, line.title) == (None, "launch day")


@settings(max_examples=400)
@example("LAUNCH @0 WEEK")
@example("by @marketing T-5")
@given(LINES)
def test_nothing_crashes_and_no_word_is_lost(text: str) -> None:
    line = read(text)
    if "text" in line.problems:
        return
    left = list(text)
    for piece in line.pieces:
        assert text[piece.start : piece.end] == piece.text
        assert all(letter != "\x00" for letter in left[piece.start : piece.end]), "pieces overlap"
        left[piece.start : piece.end] = "\x00" * (piece.end - piece.start)
    kept = re.sub(r"\s+", " ", "".join(left).replace("\x00", " ")).strip(" ,;")
    assert re.sub(r"\s+", " ", line.title) == kept
    assert len(line.title) <= LONGEST


# The page


def test_a_typed_line_becomes_an_item(world: World) -> None:
    channel = world.add("channel", title="Docs", channel_kind="docs")
    path = f"{world.path}calendar/quick/?view=list"
    line = "Write the guide T-5 @marketing #docs !editor"
    shown = world.client("editor").get(path, {"line": line}, headers=HTMX).content.decode()
    assert "Understood:" in shown
    for part in ("Write the guide", "T-5", "Marketing", "Docs", "Editor Person"):
        assert part in shown
    assert not CalendarItem.objects.exists()
    response = world.client("editor").post(path, {"line": line}, headers={**HTMX, "HX-Target": "calendar"})
    assert response.status_code == 200
    item = CalendarItem.objects.get()
    assert (item.title, item.team, item.owner, item.channel_id) == (
        "Write the guide", world.team, world.people["editor"], channel.pk,
    )  # fmt: skip
    placement = world.placement(item)
    assert (placement.anchor, placement.offset, placement.wording) == ("launch_day", -5, "T-5")


def test_adding_works_without_a_script(world: World) -> None:
    client = world.client("editor")
    assert (
        client.post(f"{world.path}calendar/quick/", {"line": "A post"})["Location"]
        == f"{world.path}calendar/"
    )
    refused = client.post(f"{world.path}calendar/quick/", {"line": "A post @nowhere"})
    assert refused.status_code == 422
    assert b"no team or person" in refused.content
    assert b"<!doctype html>" in refused.content
    assert CalendarItem.objects.count() == 1


@pytest.mark.parametrize("line", ["", "x" * 10_000, "a\x07b", "post @nobody", "T-5", "post T-99999"])
def test_nonsense_is_refused_in_place(world: World, line: str) -> None:
    response = world.client("editor").post(
        f"{world.path}calendar/quick/", {"line": line}, headers={**HTMX, "HX-Target": "calendar"}
    )
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#quick-understood"
    assert b"field-error" in response.content
    assert not CalendarItem.objects.exists()


def test_who_may_add_may_type_and_nobody_else(world: World) -> None:
    path = f"{world.path}calendar/quick/"
    assert world.client().post(path, {"line": "x"}).status_code == 302
    for name in ("member", "viewer"):
        assert world.client(name).get(path, {"line": "x"}).status_code == 403
        assert world.client(name).post(path, {"line": "A post"}).status_code == 403
        assert b"quick-line" not in world.client(name).get(f"{world.path}calendar/").content
    contributor = world.client("contributor")
    assert contributor.post(path, {"line": "A post !owner"}).status_code == 422
    assert contributor.post(path, {"line": "A post"}).status_code == 302
    assert CalendarItem.objects.get().owner == world.people["contributor"]
