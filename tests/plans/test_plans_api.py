"""Plans and versions through the API: the same functions, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services import create_token
from apps.core.actors import SYSTEM
from apps.launches.models import Launch
from apps.launches.services.launch import change_launch
from apps.plans.models import PlanVersion
from apps.plans.samples import SAMPLE
from apps.rollouts.models import RollbackStep
from tests.api.worlds import Api
from tests.plans.worlds import World

TEXT = SAMPLE.read_text(encoding="utf-8")


def api(user: User, *scopes: str) -> Api:
    return Api(
        create_token(actor=SYSTEM, user=user, name="test", scopes=list(scopes or ("read", "write")))[1]
    )


def test_reading_answers_what_the_dry_run_prints_and_saves_nothing(world: World) -> None:
    answer = api(world.viewer, "read").post("/plans/read/", {"document": TEXT})
    told = answer.json()
    assert answer.status_code == 200
    assert (told["name"], told["launch_day"], told["counts"]["phases"]) == (
        "Larkspur Assistant Settings", "2024-Q1", 3,
    )  # fmt: skip
    assert told["coverage"]["lost"] == 0
    assert not Launch.objects.exists()


def test_applying_makes_a_launch(world: World) -> None:
    answer = api(world.owner).post(
        "/plans/apply/",
        {"document": TEXT, "accept_proposals": True, "launch_day": "2026-03-04", "zone": "Europe/Berlin"},
    )
    assert answer.status_code == 201
    launch = Launch.objects.get(slug=answer.json()["launch"])
    assert answer["Location"] == f"/api/v1/launches/{launch.slug}/"
    assert (str(launch.launch_day), launch.zone, launch.owner) == ("2026-03-04", "Europe/Berlin", world.owner)
    assert answer.json()["counts"]["kpis"] == 12


def test_open_questions_are_named_and_nothing_is_saved(world: World) -> None:
    answer = api(world.owner).post("/plans/apply/", {"document": TEXT})
    assert (answer.status_code, answer.json()["code"]) == (400, "questions_open")
    assert any("Which day is it?" in text for text in answer.json()["errors"]["answers"])
    assert not Launch.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"document": ""}, "empty"),
        ({"document": "x" * (1024 * 1024 + 1)}, "too_large"),
        ({"document": "> " * 60 + "deep"}, "too_deep"),
        ({"document": "a\u0001b"}, "control_character"),
    ],
)
def test_documents_that_are_refused(world: World, body: dict[str, Any], code: str) -> None:
    for path in ("/plans/read/", "/plans/apply/"):
        answer = api(world.owner).post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"document": 3},
        {"document": "# x", "launch_day": "tomorrow"},
        {"document": "# x", "answers": []},
        {"document": "# x", "zone": "Mars/Olympus"},
        {"document": "# x", "colour": "red"},
        {"document": "# x", "name": "n" * 301},
    ],
)
def test_bad_bodies_are_named(world: World, body: dict[str, Any]) -> None:
    answer = api(world.owner).post("/plans/apply/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not Launch.objects.exists()


def test_who_may(world: World) -> None:
    body = {"document": TEXT, "accept_proposals": True}
    assert Api().post("/plans/read/", body).status_code == 401
    assert api(world.viewer).post("/plans/apply/", body).status_code == 403
    assert api(world.owner, "read").post("/plans/apply/", body).status_code == 403
    launch = world.sample()
    change_launch(actor=SYSTEM, launch=launch, values={"restricted": True})
    stranger = api(world.stranger)
    assert stranger.post("/plans/apply/", {**body, "into": launch.slug}).status_code == 404
    assert stranger.get(f"/launches/{launch.slug}/plan.md").status_code == 404
    assert stranger.get(f"/launches/{launch.slug}/versions/").status_code == 404


def test_an_edition_shows_its_difference_and_wants_it_unchanged(world: World) -> None:
    launch = world.sample()
    client = api(world.owner)
    text = client.get(f"/launches/{launch.slug}/plan.md").content.decode()
    edited = text.replace("within 15 minutes", "within 20 minutes")
    body = {"document": edited, "accept_proposals": True, "into": launch.slug}
    seen = client.post("/plans/read/", body).json()
    assert any("15 minutes became 20 minutes" in change["text"] for change in seen["changes"])
    change_launch(actor=SYSTEM, launch=launch, values={"summary": "Meanwhile"})
    answer = client.post("/plans/apply/", {**body, "fingerprint": seen["fingerprint"]})
    assert answer.status_code == 409
    seen = client.post("/plans/read/", body).json()
    answer = client.post("/plans/apply/", {**body, "fingerprint": seen["fingerprint"]})
    assert answer.status_code == 200
    assert RollbackStep.objects.get(launch=launch, position=0).deadline_minutes == 20


def test_the_document_is_markdown(world: World) -> None:
    launch = world.bring(TEXT).launch
    answer = api(world.viewer, "read").get(f"/launches/{launch.slug}/plan.md")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode() == TEXT


def test_versions_are_saved_listed_compared_and_gone_back_to(world: World) -> None:
    launch = world.sample()
    client = api(world.owner)
    base = f"/launches/{launch.slug}/versions/"
    made = client.post(base, {"summary": "As agreed"})
    assert (made.status_code, made.json()["number"]) == (201, 1)
    change_launch(actor=SYSTEM, launch=Launch.objects.get(pk=launch.pk), values={"launch_type": "Quiet"})
    assert [row["summary"] for row in client.get(base).json()["results"]] == ["As agreed"]
    assert client.get(f"{base}1/").json()["author"] == "Olga Owner by test"
    texts = [change["text"] for change in client.get(f"{base}1/compare/").json()["changes"]]
    assert texts == ["Launch launch type: Product enhancement, phased rollout became Quiet"]
    seen = client.get(f"{base}1/compare/").json()["fingerprint"]
    change_launch(actor=SYSTEM, launch=Launch.objects.get(pk=launch.pk), values={"launch_type": "Loud"})
    assert client.post(f"{base}1/restore/", {"fingerprint": seen}).status_code == 409
    assert client.post(f"{base}1/restore/", []).status_code == 400
    seen = client.get(f"{base}1/compare/").json()["fingerprint"]
    back = client.post(f"{base}1/restore/", {"fingerprint": seen})
    assert (back.status_code, back.json()["number"]) == (201, 2)
    assert Launch.objects.get(pk=launch.pk).launch_type == "Product enhancement, phased rollout"
    assert client.get(f"{base}9/").status_code == 404
    assert client.get(f"{base}1/compare/?to=1").json()["changes"] == []
    assert client.get(f"{base}1/compare/?to=9").status_code == 404
    for wrong in ("x", "0", "-1", "9" * 30):
        assert client.get(f"{base}1/compare/?to={wrong}").status_code == 400
    assert client.get(f"/launches/{launch.slug}/plan.md?live=maybe").status_code == 400
    assert client.post(base, {"summary": " "}).status_code == 400
    assert api(world.viewer).post(base, {"summary": "Mine"}).status_code == 403
    assert PlanVersion.objects.count() == 2
