"""Inbox and settings: one's own things only, what forms refuse, what administrators alone may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import ApiToken, Notification, Team, User
from apps.accounts.services import create_token, notify
from apps.core.actors import Actor

Browser = Callable[[User], Client]
HX = {"HX-Request": "true"}


def tell(user: User, number: int = 1, **values: Any) -> Notification:
    given = {"title": f"Note {number}", "url": "/launches/", **values}
    notify(users=[user], kind="announcement", source=f"test:{number}", **given)
    return Notification.objects.get(user=user, source=f"test:{number}")


OWN = ["/inbox/", "/settings/", "/settings/tokens/"]
ADMINISTRATORS = ["/settings/people/", "/settings/people/new/", "/settings/people/{pk}/", "/settings/teams/"]


@pytest.mark.parametrize("path", [*OWN, *ADMINISTRATORS])
def test_nobody_gets_in_without_signing_in(member: User, path: str) -> None:
    answer = Client().get(path.format(pk=member.pk))
    assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("role", ["viewer", "member", "administrator"])
def test_everybody_has_inbox_profile_and_tokens(browser: Browser, db: None, path: str, role: str) -> None:
    person = User.objects.create_user("p@example.com", name="P", role=role)
    assert browser(person).get(path).status_code == 200


@pytest.mark.parametrize("path", ADMINISTRATORS)
def test_people_and_teams_are_for_administrators(
    browser: Browser, member: User, administrator: User, path: str
) -> None:
    path = path.format(pk=member.pk)
    assert browser(member).get(path).status_code == 403
    if path != "/settings/people/":  # it takes no POST from anybody
        assert browser(member).post(path).status_code == 403
    assert browser(administrator).get(path).status_code == 200
    assert b"/settings/people/" not in browser(member).get("/settings/").content


def test_unread_comes_first_and_reading_moves_it_down(browser: Browser, member: User) -> None:
    old, _ = tell(member, 1), tell(member, 2)
    client = browser(member)
    client.post("/inbox/read/", {"id": old.pk + 1})
    page = client.get("/inbox/").content.decode()
    assert "1 unread" in page
    assert page.index("Note 1") < page.index("Note 2")
    region = client.post("/inbox/read/", {}, headers=HX).content.decode()
    assert region.strip().startswith('<div id="inbox"')
    assert "All read" in region
    assert not Notification.objects.filter(read_at=None).exists()


def test_an_empty_inbox_says_what_comes_there(browser: Browser, member: User) -> None:
    assert b"Nothing has come in yet" in browser(member).get("/inbox/").content


def test_one_reads_and_opens_ones_own_notes_only(browser: Browser, member: User, administrator: User) -> None:
    theirs = tell(administrator)
    client = browser(member)
    assert b"Note 1" not in client.get("/inbox/").content
    client.post("/inbox/read/", {"id": theirs.pk})
    assert client.post(f"/inbox/{theirs.pk}/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_opening_marks_read_and_leads_there(browser: Browser, member: User) -> None:
    note, outside = tell(member, 1), tell(member, 2, url="https://evil.example/")
    client = browser(member)
    assert client.post(f"/inbox/{note.pk}/")["Location"] == "/launches/"
    assert client.post(f"/inbox/{outside.pk}/")["Location"] == "/inbox/"
    note.refresh_from_db()
    assert note.read_at is not None


@pytest.mark.parametrize("given", ["x", "9" * 30, "-1", "1\x00"])
def test_a_number_that_is_none_marks_nothing(browser: Browser, member: User, given: str) -> None:
    tell(member)
    answer = browser(member).post("/inbox/read/", {"id": given})
    assert answer.status_code in {302, 404}
    assert Notification.objects.filter(read_at=None).count() == 1


def test_notes_are_shown_as_text(browser: Browser, member: User) -> None:
    tell(member, title="<script>x</script>", body="**bold** <img src=x onerror=y>")
    page = browser(member).get("/inbox/").content.decode()
    assert "<script>x" not in page
    assert "<img" not in page
    assert "bold" in page
    assert "**bold" not in page


def test_the_inbox_costs_the_same_for_more_notes(browser: Browser, member: User) -> None:
    client = browser(member)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/inbox/")
        return len(queries)

    tell(member)
    count()
    few = count()
    for number in range(2, 30):
        tell(member, number)
    assert count() == few
    assert few <= 12


def test_the_profile_is_changed_and_shows(browser: Browser, member: User) -> None:
    values = {"name": "Mia R.", "zone": "Asia/Kathmandu", "theme": "dark", "density": "compact"}
    client = browser(member)
    assert client.post("/settings/", values)["Location"] == "/settings/"
    page = client.get("/settings/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-density="compact"' in page
    member.refresh_from_db()
    assert {name: getattr(member, name) for name in values} == values


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 121}, "at most 120"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
        ({"zone": "../etc/passwd"}, "is not a time zone"),
        ({"theme": "pink"}, "pink is not one of"),
        ({"density": ""}, "required"),
    ],
)
def test_the_profile_says_what_is_wrong(
    browser: Browser, member: User, changes: dict[str, str], message: str
) -> None:
    values = {"name": "Mia", "zone": "UTC", "theme": "dark", "density": "compact", **changes}
    answer = browser(member).post("/settings/", values)
    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    member.refresh_from_db()
    assert member.name == "Mia Rossi"


def test_colours_and_zone_from_the_frame(browser: Browser, member: User) -> None:
    client = browser(member)
    assert client.post("/settings/theme/", {"theme": "dark", "next": "/inbox/"})["Location"] == "/inbox/"
    assert client.post("/settings/theme/", {"theme": "light", "next": "//evil.example"})["Location"] == "/"
    assert client.post("/settings/theme/", {"theme": "pink"}).status_code == 422
    assert client.post("/settings/zone/", {"zone": "Nowhere/Land"}).status_code == 422
    client.post("/settings/zone/", {"zone": "Europe/Oslo"})
    member.refresh_from_db()
    assert (member.theme, member.zone, member.zone_confirmed) == ("light", "Europe/Oslo", True)


def test_a_token_is_shown_once_and_ended(browser: Browser, member: User) -> None:
    client = browser(member)
    page = client.post("/settings/tokens/", {"name": "CI", "scopes": ["read"], "days": "30"}).content.decode()
    text = page.split('id="fresh-token">')[1].split("<")[0]
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"})
    assert answer.json()["email"] == "mia@example.com"
    assert text not in client.get("/settings/tokens/").content.decode()
    token = ApiToken.objects.get()
    client.post(f"/settings/tokens/{token.pk}/revoke/")
    assert client.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": "a\x00"}, {"scopes": []}, {"scopes": ["all"]}, {"days": "7"}, {"days": "x"}],
)
def test_a_token_form_that_is_wrong_makes_none(
    browser: Browser, member: User, changes: dict[str, Any]
) -> None:
    values = {"name": "CI", "scopes": ["read"], "days": "30", **changes}
    assert browser(member).post("/settings/tokens/", values).status_code == 422
    assert not ApiToken.objects.exists()


def test_other_peoples_tokens_are_not_there(browser: Browser, member: User, administrator: User) -> None:
    token, _ = create_token(actor=Actor.of(administrator), user=administrator, name="Theirs", scopes=["read"])
    client = browser(member)
    assert b"Theirs" not in client.get("/settings/tokens/").content
    assert client.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_an_administrator_adds_a_person_who_can_sign_in(browser: Browser, administrator: User) -> None:
    team = Team.objects.create(slug="sales", name="Sales")
    values = {"name": "New", "email": "New@Example.com", "role": "member", "teams": [team.pk]}
    page = browser(administrator).post("/settings/people/new/", values).content.decode()
    password = page.split('id="start-password">')[1].split("<")[0]
    made = User.objects.get(email="new@example.com")
    assert (made.role, list(made.teams.all())) == ("member", [team])
    answer = Client().post("/accounts/login/", {"login": "new@example.com", "password": password})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "ADA@example.com"}, "here already"),
        ({"email": "not an address"}, "valid email"),
        ({"email": "a\x00@example.com"}, "Null characters"),
        ({"name": ""}, "required"),
        ({"role": "emperor"}, "emperor is not one of"),
        ({"teams": ["9999"]}, "9999 is not one of"),
    ],
)
def test_a_person_who_cannot_be_added(
    browser: Browser, administrator: User, changes: dict[str, Any], message: str
) -> None:
    values = {"name": "New", "email": "new@example.com", "role": "member", **changes}
    answer = browser(administrator).post("/settings/people/new/", values)
    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    assert User.objects.count() == 1


def test_role_teams_and_access_change_together_or_not_at_all(
    browser: Browser, member: User, administrator: User
) -> None:
    team = Team.objects.create(slug="sales", name="Sales")
    client = browser(administrator)
    values = {"role": "viewer", "teams": [team.pk], "is_active": "on"}
    assert client.post(f"/settings/people/{member.pk}/", values).status_code == 302
    member.refresh_from_db()
    assert (member.role, list(member.teams.all()), member.is_active) == ("viewer", [team], True)
    answer = client.post(f"/settings/people/{administrator.pk}/", {"role": "administrator"})
    assert (answer.status_code, b"your own account" in answer.content) == (422, True)
    answer = client.post(
        f"/settings/people/{administrator.pk}/", {"role": "member", "teams": [team.pk], "is_active": "on"}
    )
    administrator.refresh_from_db()
    assert (answer.status_code, administrator.role) == (422, "administrator")
    assert not administrator.teams.exists()


def test_a_closed_account_is_out_at_once(browser: Browser, member: User, administrator: User) -> None:
    theirs = browser(member)
    assert theirs.get("/inbox/").status_code == 200
    browser(administrator).post(f"/settings/people/{member.pk}/", {"role": "member"})
    assert theirs.get("/inbox/").status_code == 302


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "required"), ("sALES", "already"), ("…", "Latin letter"), ("x" * 121, "at most 120")],
)
def test_a_team_that_cannot_be_added(browser: Browser, administrator: User, name: str, message: str) -> None:
    Team.objects.create(slug="sales", name="Sales")
    answer = browser(administrator).post("/settings/teams/", {"name": name})
    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    assert Team.objects.count() == 1


def test_people_are_found_by_a_part_of_name_or_address(
    browser: Browser, member: User, administrator: User
) -> None:
    page = browser(administrator).get("/settings/people/?q=ROSSI").content.decode()
    assert "mia@example.com" in page
    assert "1 person" in page
