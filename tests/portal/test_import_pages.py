"""Importing on the page: paste or upload, look, answer, make; and a new edition of a plan that is live."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.content.models import CalendarItem
from apps.launches.models import Launch
from apps.plans.models import ImportDraft
from apps.schedule.models import Placement
from tests.portal.worlds import BACKEND, HTMX, World, queries

PLAN = """# Paper trail: launch plan

## Overview

- **Feature:** Paper trail
- **Launch date:** Q1 2027

## Content calendar

- **Week -1:** Blog post draft and beta customer mails
- **Week 0:** Launch announcement

## Success metrics

- **Adoption:** [XX%] of accounts within 30 days
"""


def begin(client: Client, text: str = PLAN, **more: Any) -> str:
    """The address of the preview of a pasted plan."""
    answer = client.post("/import/", {"document": text, **more})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def asked(body: str) -> dict[str, str]:
    """The questions of a preview: the name of the control by what it asks."""
    found = re.findall(r'<label for="(answer-\w+)">(.*?)</label>', body, re.DOTALL)
    return {re.sub(r"<.*?>", "", text).strip(): name for name, text in found}


def only(questions: dict[str, str], part: str) -> str:
    (name,) = [name for text, name in questions.items() if part in text]
    return name


def test_a_pasted_plan_is_shown_beside_what_it_becomes_and_nothing_is_saved(world: World) -> None:
    before = Launch.objects.count()
    client = world.client("owner")
    body = client.get(begin(client, PLAN.replace("\n", "\r\n"))).content.decode()
    assert "Blog post draft and beta customer mails" in body
    assert 'href="#L10"' in body
    assert "1 entry could be split" in body
    assert Launch.objects.count() == before


def test_an_upload_keeps_its_name(world: World) -> None:
    client = world.client("owner")
    upload = SimpleUploadedFile("paper-trail.md", PLAN.encode(), content_type="text/markdown")
    answer = client.post("/import/", {"file": upload})
    assert "paper-trail.md" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"document": ""}, "empty"),
        ({"document": "> " * 60 + "deep"}, "nested"),
        ({"file": SimpleUploadedFile("plan.md", b"# A\xff")}, "byte 3"),
        ({"file": SimpleUploadedFile("plan.md", b"x" * (1024 * 1024 + 1))}, "1 MiB"),
        ({"document": "# A", "file": SimpleUploadedFile("plan.md", b"# B")}, "not both"),
    ],
)
def test_what_cannot_be_read_is_told_and_not_kept(world: World, given: dict[str, Any], said: str) -> None:
    answer = world.client("owner").post("/import/", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ImportDraft.objects.exists()


def test_one_button_makes_the_launch_with_the_dates_that_were_given(world: World) -> None:
    client = world.client("owner")
    address = begin(client)
    form = {
        "launch_day": "2027-03-04",
        "rollout_on_launch_day": "on",
        "zone": "Europe/Rome",
        "action": "make",
    }
    answer = client.post(address, form)
    launch = Launch.objects.get(name="Paper trail")
    assert answer["Location"] == f"/launches/{launch.slug}/"
    assert (str(launch.launch_day), str(launch.rollout_start), launch.zone) == (
        "2027-03-04", "2027-03-04", "Europe/Rome",
    )  # fmt: skip
    assert client.get(address).status_code == 404


def test_an_answer_is_taken(world: World) -> None:
    client = world.client("owner")
    address = begin(client)
    name = only(asked(client.get(address).content.decode()), "names 2 pieces of work")
    client.post(address, {"action": "make", name: "split"})
    assert CalendarItem.objects.filter(launch__name="Paper trail").count() == 3


def test_what_is_left_open_stays_open_although_something_is_proposed(world: World) -> None:
    client = world.client("owner")
    plan = PLAN.replace("**Week 0:**", "**March 4:**")
    address = begin(client, plan)
    body = client.get(address).content.decode()
    name = only(asked(body), "year")
    field = f'id="{name}" value="%s"'
    assert field % "2027" in body, "a year is proposed"
    again = client.post(address, {"action": "read", name: ""}).content.decode()
    assert again.count("March 4") == body.count("March 4"), "the question is still there"
    assert field % "" in client.get(address).content.decode(), "and not answered for them"
    client.post(address, {"action": "make", name: ""})
    entry = CalendarItem.objects.get(launch__name="Paper trail", title="Launch announcement")
    assert not Placement.objects.filter(
        kind="calendar_entry", record_id=entry.pk, starts_on__isnull=False
    ).exists()


def test_answers_are_read_again_in_place(world: World) -> None:
    client = world.client("owner")
    address = begin(client)
    name = only(asked(client.get(address).content.decode()), "names 2 pieces of work")
    answer = client.post(address, {"action": "read", name: "split"}, headers=HTMX)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert body.lstrip().startswith('<div id="becomes"')
    assert "beta customer mails" in body
    assert not Launch.objects.filter(name="Paper trail").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"launch_day": "tomorrow"}, "date"),
        (
            {"launch_day": "2027-03-04", "rollout_start": "2027-03-05", "rollout_on_launch_day": "on"},
            "not both",
        ),
        ({"name": "n" * 301}, "300"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(world: World, wrong: dict[str, str], said: str) -> None:
    client = world.client("owner")
    before = Launch.objects.count()
    answer = client.post(begin(client), {**wrong, "action": "make"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Launch.objects.count() == before
    assert ImportDraft.objects.exists(), "what was pasted is still there"


def test_a_draft_is_its_owners_alone(world: World) -> None:
    address = begin(world.client("owner"))
    for somebody in ("administrator", "editor", "viewer"):
        assert world.client(somebody).get(address).status_code == 404
        assert world.client(somebody).post(f"{address}discard/").status_code == 404
    assert world.client().get(address).status_code == 302
    assert world.client("viewer").post("/import/", {"document": PLAN}).status_code == 403
    assert world.client("owner").post(f"{address}discard/").status_code == 302
    assert not ImportDraft.objects.exists()


def test_a_document_full_of_questions_shows_the_first_and_takes_the_rest_as_proposed(world: World) -> None:
    client = world.client("owner")
    work = "\n".join(f"- **Week {n}:** Post {n} draft and mail {n} text" for n in range(1, 241))
    address = begin(client, f"# Many: launch plan\n\n## Content calendar\n\n{work}\n")
    body = client.get(address).content.decode()
    assert len(asked(body)) == 200
    assert "more questions are taken as proposed" in body
    client.post(address, {"action": "make", **dict.fromkeys(asked(body).values(), "split")})
    assert CalendarItem.objects.filter(launch__name="Many").count() == 240 + 200


def test_the_preview_costs_the_same_queries_however_long_the_plan_is(world: World) -> None:
    client = world.client("owner")
    counts = []
    for times in (1, 40):
        address = begin(client, PLAN + "".join(f"\n- **Metric {n}:** {n}% of accounts" for n in range(times)))
        with queries() as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def test_a_new_edition_shows_its_difference_first_and_is_applied_once(world: World) -> None:
    client = world.client("owner")
    client.post(begin(client), {"action": "make"})
    launch = Launch.objects.get(name="Paper trail")
    text = client.get(f"/launches/{launch.slug}/plan.md").content.decode()
    address = begin(client, text.replace("Launch announcement", "Launch post"), into=launch.slug)
    body = client.get(address).content.decode()
    assert "Launch post" in body
    assert not CalendarItem.objects.filter(launch=launch, title="Launch post").exists()
    (fingerprint,) = re.findall(r'name="fingerprint" value="(\w+)"', body)
    answer = client.post(address, {"action": "make", "fingerprint": "somethingelse"})
    assert answer.status_code == 409
    answer = client.post(address, {"action": "make", "fingerprint": fingerprint})
    assert answer["Location"] == f"/launches/{launch.slug}/plan/"
    assert CalendarItem.objects.filter(launch=launch, title="Launch post").count() == 1
    stranger = world.client("viewer").post("/import/", {"document": text, "into": launch.slug})
    assert stranger.status_code == 403


@pytest.mark.django_db(transaction=True)
def test_pressing_twice_at_once_makes_one_launch() -> None:
    person = User.objects.create_user("mia@example.com", name="Mia")

    def signed_in() -> Client:
        client = Client()
        client.force_login(person, backend=BACKEND)
        return client

    address = begin(signed_in())
    codes: list[int] = []
    start = threading.Barrier(2)

    def press() -> None:
        client = signed_in()
        start.wait()
        codes.append(client.post(address, {"action": "make"}).status_code)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [302, 404]
    assert Launch.objects.filter(name="Paper trail").count() == 1
