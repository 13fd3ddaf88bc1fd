"""Gates: what has to hold before a phase starts, the evidence for it, and who signed it off."""

from __future__ import annotations

from typing import Any

import pytest

from apps.audit.models import Event
from apps.content.services import set_status
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.gates import gates_of
from apps.launches.models import Gate, Phase
from apps.launches.services import gates
from apps.rollouts.services import set_phase_state
from tests.portal.worlds import HTMX, World


@pytest.fixture
def phase(world: World) -> Any:
    return world.add("phase", title="Everybody", when="Week 2")


def gate(world: World, phase: Any, **values: Any) -> Gate:
    return gates.add_gate(
        actor=world.actor("editor"), launch=world.launch, values={"phase": phase, "title": "Docs", **values}
    )


def now(world: World, phase: Any, title: str = "Docs") -> Any:
    return next(each for each in gates_of(world.launch)[phase.pk] if each.gate.title == title)


def test_a_phase_starts_when_its_gates_are_signed_off_or_for_a_reason(world: World, phase: Any) -> None:
    made = gate(world, phase)
    with pytest.raises(Invalid, match="Not signed off yet: Docs") as refused:
        set_phase_state(actor=world.actor("editor"), phase=phase, to="active")
    assert refused.value.code == "gates_open"
    assert Phase.objects.get(pk=phase.pk).state == "planned"
    gates.sign_gate(actor=world.actor("editor"), gate=made)
    assert set_phase_state(actor=world.actor("editor"), phase=phase, to="active").state == "active"


def test_the_reason_to_start_nevertheless_is_kept_with_the_open_gates(world: World, phase: Any) -> None:
    gate(world, phase)
    set_phase_state(actor=world.actor("editor"), phase=phase, to="active", despite="The press is waiting")
    event = Event.objects.get(verb="phase.active")
    assert (event.reason, event.changes["gates"]) == ("The press is waiting", [None, ["Docs"]])


def test_documentation_speaks_for_a_gate_once_it_is_published(world: World, phase: Any) -> None:
    made = gate(world, phase, check_name="documentation_published")
    assert now(world, phase).holds is False
    docs = world.add("channel", title="Docs", channel_kind="docs")
    item = world.add("calendar_entry", title="The guide", channel=docs, when="Week 1")
    world.add("calendar_entry", title="Much later", channel=docs, when="Week 9")
    assert [each.words for each in now(world, phase).evidence] == [
        "0 of 1 published",
        "“The guide” is not published",
    ]
    with pytest.raises(Invalid, match="evidence speaks against it") as refused:
        gates.sign_gate(actor=world.actor("editor"), gate=made)
    assert refused.value.code == "evidence_against"
    set_status(actor=world.actor("editor"), item=item, status="published")
    signed = gates.sign_gate(actor=world.actor("editor"), gate=made)
    assert signed.evidence == [{"holds": True, "words": "1 of 1 published"}]
    set_status(actor=world.actor("editor"), item=item, status="drafting")
    assert now(world, phase).state == "broken"


@pytest.mark.parametrize(
    "check", ["on_call_covered", "trainings_held", "messages_approved", "items_published"]
)
def test_without_anything_to_show_the_evidence_speaks_against(world: World, phase: Any, check: str) -> None:
    gate(world, phase, check_name=check)
    assert now(world, phase).holds is False


def test_what_others_promised_speaks_for_a_gate(world: World, phase: Any) -> None:
    from apps.schedule.services import placing

    for check in ("on_call_covered", "trainings_held", "messages_approved"):
        gate(world, phase, title=check, check_name=check)
    world.add("support", title="On call", coverage="24/7", owner=world.people["member"])
    training = world.add("training", title="For support", when="Week -1")
    world.add("mitigation", title="It is slow", prepared_message="We know.", message_approved=True)
    placing.finish(actor=world.actor("editor"), placement=world.placement(training))
    assert [
        now(world, phase, check).holds for check in ("on_call_covered", "trainings_held", "messages_approved")
    ] == [
        True,
        True,
        True,
    ]


def test_only_its_owner_and_editors_sign(world: World, phase: Any) -> None:
    made = gate(world, phase, owner=world.people["member"])
    for name in ("contributor", "viewer"):
        with pytest.raises(NotAllowed, match="belongs to"):
            gates.sign_gate(actor=world.actor(name), gate=made)
    assert gates.sign_gate(actor=world.actor("member"), gate=made).signed_by == world.people["member"]
    assert gates.reopen_gate(actor=world.actor("editor"), gate=made).signed_at is None


def test_a_changed_gate_is_open_again_and_a_stale_page_changes_nothing(world: World, phase: Any) -> None:
    made = gates.sign_gate(actor=world.actor("editor"), gate=gate(world, phase))
    seen = made.version
    changed = gates.change_gate(actor=world.actor("editor"), gate=made, values={"title": "All docs"})
    assert changed.signed_at is None
    with pytest.raises(Conflict):
        gates.change_gate(actor=world.actor("editor"), gate=made, values={"title": "None"}, version=seen)
    other = world.add("phase", world.secret, title="Hidden")
    with pytest.raises(Invalid, match="phase of this launch"):
        gates.change_gate(actor=world.actor("editor"), gate=changed, values={"phase": other})


def test_the_page_of_phases_adds_signs_and_shows_them(world: World, phase: Any) -> None:
    client = world.client("editor")
    client.post(f"{world.path}gates/usual/{phase.pk}/")
    assert Gate.objects.count() == 5
    page = client.get(f"{world.path}phases/").content.decode()
    assert "5 of 5 open" in page and "Documentation published" in page
    made = Gate.objects.get(check_name="messages_approved")
    sheet = client.post(f"{world.path}gates/{made.pk}/sign/", {}, headers=HTMX)
    assert sheet.status_code == 422 and "speaks against it" in sheet.content.decode()
    client.post(f"{world.path}gates/{made.pk}/sign/", {"note": "Approved on paper"})
    made.refresh_from_db()
    assert made.note == "Approved on paper"
    overview = client.get(world.path).content.decode()
    assert "1 of 5 gates signed off" in overview  # on the ruler
    assert world.client("member").post(f"{world.path}gates/usual/{phase.pk}/").status_code == 403
    hidden = world.add("phase", world.secret, title="Hidden")
    assert client.post(f"/launches/{world.secret.slug}/gates/usual/{hidden.pk}/").status_code == 404
    assert client.post(f"{world.path}gates/usual/{hidden.pk}/").status_code == 404


def test_other_tools_sign_and_start_by_the_same_rules(world: World, phase: Any) -> None:
    from apps.accounts.services import create_token
    from apps.core.actors import SYSTEM
    from tests.api.worlds import Api

    _, token = create_token(actor=SYSTEM, user=world.people["editor"], name="t", scopes=["read", "write"])
    api, path = Api(token), f"/launches/{world.launch.slug}"
    made = api.post(f"{path}/gates/", {"phase": phase.pk, "title": "Docs", "check_name": "on_call_covered"})
    assert made.status_code == 201, made.content
    address = f"{path}/gates/{made.json()['id']}/"
    assert api.get(f"{address}evidence/").json() == [{"holds": False, "words": "No coverage is promised"}]
    refused = api.post(f"{address}sign/", {})
    assert (refused.status_code, refused.json()["code"]) == (400, "evidence_against")
    start = api.post(f"{path}/phases/{phase.pk}/start/", {})
    assert (start.status_code, start.json()["code"]) == (400, "gates_open")
    assert api.post(f"{address}sign/", {"note": "The rota is on paper"}).json()["signed_by_label"]
    assert api.post(f"{path}/phases/{phase.pk}/start/", {}).json()["state"] == "active"
    assert (
        api.post(f"{path}/gates/", {"phase": phase.pk, "title": "x", "check_name": "no"}).status_code == 400
    )
