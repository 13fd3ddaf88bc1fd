"""Time in the API: moving a phase or an item, undoing, dependencies, hanging, clashes, freezes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.schedule.models import Dependency, Freeze, Move, Placement
from tests.api.refusals import counts, refused
from tests.api.worlds import LAUNCH_DAY, Api, World

BIG = 10**20


def path(world: World, rest: str = "") -> str:
    return f"/launches/{world.launch.slug}/{rest}"


def placed(world: World, title: str, offset: int, **values: Any) -> Placement:
    record = world.add(
        "calendar_entry", title=title, when={"anchor": "launch_day", "unit": "day", "offset": offset, "text": ""},
        **values,
    )  # fmt: skip
    return Placement.objects.get(kind="calendar_entry", record_id=record.pk)


def day(number: int) -> str:
    return str(LAUNCH_DAY + timedelta(days=number))


def test_an_item_is_previewed_moved_and_undone(world: World) -> None:
    api = world.api("editor")
    draft, post = placed(world, "Draft", 0), placed(world, "Post", 1)
    made = api.post(path(world, "dependencies/"), {"before": draft.pk, "after": post.pk})
    assert made.status_code == 201
    asked = {"anchor": "placement", "id": draft.pk, "to": day(3)}
    shown = api.post(path(world, "move/"), asked).json()
    assert (shown["applied"], shown["id"], shown["move"], shown["old"]) == (False, draft.pk, None, day(0))
    rows = {row["title"]: row for row in shown["moving"]}
    assert (rows["Draft"]["new"]["starts_on"], rows["Draft"]["wording"]) == (day(3), "Day +3")
    assert (rows["Post"]["new"]["starts_on"], rows["Post"]["cause"]) == (day(4), "pushed by “Draft”")
    assert {clash["kind"] for clash in shown["clashes"]} <= {"day_off", "overload"}
    done = api.post(
        path(world, "move/"), {**asked, "apply": True, "fingerprint": shown["fingerprint"]}
    ).json()
    assert done["applied"]
    listed = api.get(path(world, "moves/")).json()["results"]
    assert [(row["id"], row["anchor"], row["placement"], row["moved"]) for row in listed] == [
        (done["move"], "placement", draft.pk, 2)
    ]
    undone = api.post(path(world, f"moves/{done['move']}/undo/"))
    assert undone.status_code == 200
    assert undone.json()["undone_by_label"]
    post.refresh_from_db()
    assert str(post.starts_on) == day(1)
    assert refused(api.post(path(world, f"moves/{done['move']}/undo/")), 409)["code"] == "undone"


def test_a_phase_is_moved_by_its_own_id(world: World) -> None:
    phase = world.first("phase")
    shown = world.api("editor").post(path(world, "move/"), {"anchor": "phase", "id": phase.pk, "to": day(7)})
    assert shown.json()["moving"][0]["wording"] == "Rollout week 2"


def test_a_refusing_dependency_is_told_and_then_409(world: World) -> None:
    api = world.api("editor")
    draft, post = placed(world, "Draft", 0), placed(world, "Post", 1)
    api.post(path(world, "dependencies/"), {"before": draft.pk, "after": post.pk, "on_move": "refuse"})
    asked = {"anchor": "placement", "id": draft.pk, "to": day(5)}
    shown = api.post(path(world, "move/"), asked).json()
    (refusal,) = shown["refusals"]
    assert (refusal["before"], refusal["after"], refusal["days"]) == (draft.pk, post.pk, 5)
    forced = api.post(path(world, "move/"), {**asked, "apply": True, "fingerprint": shown["fingerprint"]})
    assert refused(forced, 409)["code"] == "dependency"


def test_what_changed_since_is_named_when_undoing(world: World) -> None:
    api = world.api("editor")
    own = placed(world, "Mine", 0)
    asked = {"anchor": "placement", "id": own.pk, "to": day(3)}
    shown = api.post(path(world, "move/"), asked).json()
    done = api.post(
        path(world, "move/"), {**asked, "apply": True, "fingerprint": shown["fingerprint"]}
    ).json()
    api.post(f"/placements/{own.pk}/done/", {})
    problem = refused(api.post(path(world, f"moves/{done['move']}/undo/")), 409)
    assert problem["code"] == "changed_since"
    assert "“Mine”" in problem["detail"]


def test_dependencies_are_read_changed_and_removed_with_their_version(world: World) -> None:
    api = world.api("editor")
    draft, post = placed(world, "Draft", 0), placed(world, "Post", 1)
    made = api.post(path(world, "dependencies/"), {"before": draft.pk, "after": post.pk, "lag": 2})
    at = path(world, f"dependencies/{made.json()['id']}/")
    assert made["Location"].endswith(at)
    assert api.get(at)["ETag"] == '"1"'
    assert api.patch(at, {"lag": 3}, If_Match='"1"').json()["lag"] == 3
    refused(api.patch(at, {"lag": 4}, If_Match='"1"'), 412)
    assert "before" in refused(api.patch(at, {"before": post.pk}))["errors"]
    listed = api.get(path(world, f"dependencies/?after={post.pk}")).json()["results"]
    assert [row["before"] for row in listed] == [draft.pk]
    back = refused(api.post(path(world, "dependencies/"), {"before": post.pk, "after": draft.pk}))
    assert back["code"] == "circle"
    assert api.delete(at).status_code == 204
    assert not Dependency.objects.exists()


def test_a_thing_is_hung_on_another(world: World) -> None:
    api = world.api("editor")
    lead, own = placed(world, "Lead", 0), placed(world, "Mine", 0)
    hung = api.post(f"/placements/{own.pk}/hang/", {"anchor": "placement", "to": lead.pk, "offset": 2})
    assert (hung.status_code, hung.json()["starts_on"]) == (200, day(2))
    assert hung.json()["wording"] == "2 days after “Lead” starts"
    circle = refused(
        api.post(f"/placements/{lead.pk}/hang/", {"anchor": "placement", "to": own.pk, "offset": 1})
    )
    assert (circle["code"], list(circle["errors"])) == ("circle", ["to"])
    document = api.get(path(world, "plan.md"))
    assert document.status_code == 200
    assert day(2) in document.content.decode()


def test_clashes_and_freezes(world: World) -> None:
    editor, administrator = world.api("editor"), world.api("administrator", ["read", "write", "admin"])
    own = placed(world, "Mine", 4)
    days = {"title": "Fair", "starts_on": day(3), "ends_on": day(6)}
    made = editor.post(path(world, "freezes/"), days)
    assert (made.status_code, made.json()["launch"]) == (201, world.launch.slug)
    refused(editor.post("/freezes/", days), 403)
    everywhere = administrator.post("/freezes/", days)
    assert (everywhere.status_code, everywhere.json()["launch"]) == (201, None)
    found = editor.get(path(world, "clashes/")).json()["results"]
    assert [clash["placements"] for clash in found if clash["kind"] == "freeze"] == [[own.pk], [own.pk]]
    assert len(editor.get(path(world, "freezes/")).json()["results"]) == 2
    refused(editor.delete(f"/freezes/{everywhere.json()['id']}/"), 403)
    assert editor.delete(path(world, f"freezes/{made.json()['id']}/")).status_code == 204
    assert administrator.delete(f"/freezes/{everywhere.json()['id']}/").status_code == 204
    assert not Freeze.objects.exists()


BAD: list[tuple[str, dict[str, Any]]] = [
    ("move/", {"anchor": "placement", "to": "2131-12-01"}),
    ("move/", {"anchor": "phase", "to": "2131-12-01"}),
    ("move/", {"anchor": "phase", "id": "x", "to": "2131-12-01"}),
    ("move/", {"anchor": "launch_day", "id": 1, "to": "2131-12-01"}),
    ("dependencies/", {}),
    ("dependencies/", {"before": 0, "after": 1}),
    ("dependencies/", {"before": BIG, "after": 1}),
    ("dependencies/", {"before": "a", "after": [1]}),
    ("dependencies/", {"before": "{own}", "after": "{own}"}),
    ("dependencies/", {"before": "{own}", "after": "{own}", "lag": 400}),
    ("dependencies/", {"before": "{own}", "after": "{own}", "on_move": "shrug"}),
    ("dependencies/", {"before": "{own}", "after": "{own}", "colour": "red"}),
    ("freezes/", {}),
    ("freezes/", {"title": "", "starts_on": "2031-01-01", "ends_on": "2031-01-02"}),
    ("freezes/", {"title": "x", "starts_on": "2031-01-03", "ends_on": "2031-01-02"}),
    ("freezes/", {"title": "x", "starts_on": "2031-01-01", "ends_on": "2033-01-02"}),
    ("freezes/", {"title": "x", "starts_on": "0001-01-01", "ends_on": "0001-01-02"}),
    ("freezes/", {"title": "x", "starts_on": "soon", "ends_on": "2031-01-02"}),
    ("hang", {}),
    ("hang", {"anchor": "moon", "offset": 1}),
    ("hang", {"anchor": "launch_day", "offset": BIG}),
    ("hang", {"anchor": "launch_day", "offset": 4000}),
    ("hang", {"anchor": "launch_day", "offset": 1, "end_offset": 0}),
    ("hang", {"anchor": "launch_day", "offset": 1, "to": 3}),
    ("hang", {"anchor": "placement", "offset": 1}),
    ("hang", {"anchor": "launch_day", "offset": 1.5}),
]


@pytest.mark.parametrize(("where", "body"), BAD)
def test_bad_input_names_the_field_and_changes_nothing(
    world: World, where: str, body: dict[str, Any]
) -> None:
    api = world.api("editor")
    own = placed(world, "Mine", 0)
    body = {name: own.pk if value == "{own}" else value for name, value in body.items()}
    before = counts()
    at = f"/placements/{own.pk}/hang/" if where == "hang" else path(world, where)
    assert refused(api.post(at, body))["errors"]
    assert counts() == before
    assert Placement.objects.get(pk=own.pk).version == own.version


def asked_for(world: World, *, secret: bool = False) -> list[tuple[str, str, Any]]:
    """Every endpoint about time below a launch, with a body that would do."""
    launch = world.secret if secret else world.launch
    one, two, three = launch.placements.filter(kind__in=["calendar_entry", "training", "review"])[:3]
    link = Dependency.objects.create(launch=launch, before=one, after=two)
    move = Move.objects.create(launch=launch, anchor="launch_day", words="A move", made_by_label="x")
    freeze = Freeze.objects.create(launch=launch, title="Fair", starts_on=day(1), ends_on=day(2))
    base = f"/launches/{launch.slug}"
    return [
        ("GET", f"{base}/moves/", None),
        ("GET", f"{base}/moves/{move.pk}/", None),
        ("POST", f"{base}/moves/{move.pk}/undo/", None),
        ("POST", f"{base}/move/", {"anchor": "placement", "id": one.pk, "to": day(9)}),
        ("GET", f"{base}/dependencies/", None),
        ("POST", f"{base}/dependencies/", {"before": one.pk, "after": three.pk}),
        ("GET", f"{base}/dependencies/{link.pk}/", None),
        ("PATCH", f"{base}/dependencies/{link.pk}/", {"lag": 2}),
        ("DELETE", f"{base}/dependencies/{link.pk}/", None),
        ("GET", f"{base}/clashes/", None),
        ("GET", f"{base}/freezes/", None),
        ("POST", f"{base}/freezes/", {"title": "x", "starts_on": day(1), "ends_on": day(2)}),
        ("GET", f"{base}/freezes/{freeze.pk}/", None),
        ("DELETE", f"{base}/freezes/{freeze.pk}/", None),
        ("POST", f"/placements/{one.pk}/hang/", {"anchor": "launch_day", "offset": 3}),
    ]


def test_strangers_get_401_outsiders_404_and_onlookers_403(world: World) -> None:
    for method, at, body in asked_for(world, secret=True):
        assert Api().request(method, at, body).status_code == 401, at
        refused(world.api("outsider").request(method, at, body), 404)
    for method, at, body in asked_for(world):
        for name in ("member", "viewer", "outsider"):
            answer = world.api(name).request(method, at, body)
            assert answer.status_code == (200 if method == "GET" else 403), (name, method, at, answer.content)
        assert world.api("editor", ["read"]).request(method, at, body).status_code == (
            200 if method == "GET" else 403
        )


def test_ids_of_another_launch_are_not_there(world: World) -> None:
    api = world.api("editor")
    foreign = world.secret.placements.filter(kind="calendar_entry")[0]
    own = placed(world, "Mine", 0)
    phase = world.first("phase", world.secret)
    outsider = world.api("contributor")
    for method, at, body in asked_for(world, secret=True):
        if method == "GET" or "/moves/" in at or "/dependencies/" in at or "/freezes/" in at:
            elsewhere = at.replace(world.secret.slug, world.launch.slug)
            if elsewhere.rstrip("/").rsplit("/", 1)[1].isdigit() or elsewhere.endswith("undo/"):
                refused(api.request(method, elsewhere, body), 404)
    for body in ({"before": foreign.pk, "after": own.pk}, {"before": own.pk, "after": foreign.pk}):
        refused(api.post(path(world, "dependencies/"), body), 404)
    for body in (
        {"anchor": "placement", "id": foreign.pk, "to": day(1)},
        {"anchor": "phase", "id": phase.pk, "to": day(1)},
    ):
        refused(api.post(path(world, "move/"), body), 404)
    refused(
        api.post(f"/placements/{own.pk}/hang/", {"anchor": "placement", "to": foreign.pk, "offset": 1}), 404
    )
    assert outsider


@pytest.mark.parametrize(
    "rest", ["moves/9999999999999999999999/", "dependencies/0/", "freezes/99999999999999999999999/"]
)
def test_ids_that_no_row_can_have_are_404(world: World, rest: str) -> None:
    refused(world.api("editor").get(path(world, rest)), 404)
