"""How one says how to be told: the page, the API, and what unsubscribing by a mail's link does to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Preference, User
from apps.accounts.services import create_token
from apps.audit.models import Event
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid
from apps.delivery.models import Suppression
from apps.delivery.services import suppression
from apps.schedule.notices import DEFAULT, Notices, checked, notices_of
from tests.schedule.noticing import choose, person

PAGE, API = "/settings/notices/", "/api/v1/me/notices/"
GIVEN = {
    "reminders": "mail", "days": "3", "late": "on", "digest": "inbox", "weekday": "5", "hour": "17", "version": "1",
}  # fmt: skip


@pytest.fixture
def mia(db: None) -> User:
    return person("mia@example.com")


@pytest.fixture
def browser(mia: User) -> Client:
    client = Client()
    client.force_login(mia, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def api(user: User, *scopes: str) -> dict[str, str]:
    _, text = create_token(actor=SYSTEM, user=user, name="Test", scopes=scopes or ("read", "write"))
    return {"Authorization": f"Bearer {text}"}


def stored(user: User) -> Notices:
    return notices_of([user.pk])[user.pk]


def test_strangers_are_asked_to_sign_in(db: None) -> None:
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")
    assert Client().post(PAGE, GIVEN)["Location"].startswith("/accounts/login/")
    assert Client().get(API).status_code == 401
    assert Client().patch(API, {}, content_type="application/json").status_code == 401


@pytest.mark.parametrize("role", ["viewer", "member", "administrator"])
def test_everybody_has_the_page_and_it_starts_with_the_defaults(
    browser: Client, mia: User, role: str
) -> None:
    User.objects.update(role=role)
    answer = browser.get(PAGE)
    assert answer.status_code == 200
    form = answer.context["form"]
    assert {name: form[name].value() for name in DEFAULT.values()} == DEFAULT.values()


def test_the_page_saves_without_a_script(browser: Client, mia: User) -> None:
    other = person("other@example.com")
    answer = browser.post(PAGE, GIVEN)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert stored(mia) == Notices("mail", 3, True, "inbox", 5, 17, version=2)
    assert stored(other) == DEFAULT
    event = Event.objects.get(verb="user.notices")
    assert event.changes["weekday"] == [1, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reminders": "loud"},
        {"days": "15"},
        {"days": "-1"},
        {"days": "x"},
        {"weekday": "0"},
        {"hour": "24"},
        {"digest": ""},
    ],
)
def test_the_page_shows_what_makes_no_sense_and_saves_nothing(
    browser: Client, mia: User, wrong: dict[str, str]
) -> None:
    answer = browser.post(PAGE, {**GIVEN, **wrong})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert stored(mia) == DEFAULT


def test_a_stale_page_overwrites_nothing(browser: Client, mia: User) -> None:
    choose(mia, days=7)
    answer = browser.post(PAGE, GIVEN)
    assert answer.status_code == 409
    assert "changed since you opened them" in answer.content.decode()
    assert stored(mia).days == 7


def test_the_api_shows_and_changes_ones_own(mia: User) -> None:
    other = person("other@example.com")
    headers = api(mia)
    first = Client().get(API, headers=headers)
    assert first.json() == {**DEFAULT.values(), "no_mail": [], "version": 1}
    assert Client().get(API, headers={**headers, "If-None-Match": first["ETag"]}).status_code == 304
    answer = change(headers, {"weekday": 5, "late": False}, first["ETag"])
    assert answer.status_code == 200
    assert answer.json() == {**DEFAULT.values(), "weekday": 5, "late": False, "no_mail": [], "version": 2}
    assert change(headers, {"weekday": 2}, first["ETag"]).status_code == 412
    assert change(headers, {"weekday": 2}, "").status_code == 428
    assert stored(other) == DEFAULT


def change(headers: dict[str, str], body: Any, tag: str) -> Any:
    match = {"If-Match": tag} if tag else {}
    return Client().patch(API, body, content_type="application/json", headers={**headers, **match})


@pytest.mark.parametrize(
    "body",
    [
        {"days": 15}, {"days": "many"}, {"days": None}, {"weekday": 8}, {"hour": -1}, {"reminders": "loud"},
        {"late": 7}, {"daily": True}, [], "x",
    ],
)  # fmt: skip
def test_the_api_refuses_bad_values(mia: User, body: Any) -> None:
    assert change(api(mia), body, '"1"').status_code == 400
    assert stored(mia) == DEFAULT


def test_a_token_that_only_reads_changes_nothing(mia: User) -> None:
    headers = api(mia, "read")
    assert Client().get(API, headers=headers).status_code == 200
    assert change(headers, {"days": 2}, '"1"').status_code == 403


@pytest.mark.parametrize(
    "values", [{"days": True}, {"days": 1.0}, {"hour": "8"}, {"late": 1}, {"reminders": None}, {"what": 1}]
)
def test_the_service_takes_nothing_for_something_else(mia: User, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        choose(mia, **values)
    with pytest.raises(Invalid):
        checked(values)


@pytest.mark.parametrize("value", [{"days": 900}, {"gone": 1}, {}, [], None, "x"])
def test_what_an_older_release_stored_stops_nobodys_reminders(mia: User, value: Any) -> None:
    Preference.objects.create(user=mia, name="notices", value=value if value is not None else "null")
    assert stored(mia).values() == DEFAULT.values()


def test_choosing_mail_again_lifts_what_one_unsubscribed_from_and_nothing_else(
    browser: Client, mia: User
) -> None:
    for topic, reason in (("reminders", "unsubscribe"), ("your-week", "bounce")):
        suppression.add(actor=SYSTEM, value=mia.email, topic=topic, reason=reason)
    suppression.add(actor=SYSTEM, value="other@example.com", topic="reminders", reason="unsubscribe")
    page = browser.get(PAGE).content.decode()
    assert "No mail of reminders or your week goes to mia@example.com." in page
    assert Client().get(API, headers=api(mia)).json()["no_mail"] == ["reminders", "your-week"]
    browser.post(PAGE, {**GIVEN, "digest": "both"})
    left = Suppression.objects.values_list("value", "topic")
    assert sorted(left) == [("mia@example.com", "your-week"), ("other@example.com", "reminders")]
    assert "No mail of your week goes to" in browser.get(PAGE).content.decode()


def test_who_stopped_everything_gets_what_they_choose_and_no_more(mia: User) -> None:
    suppression.add(actor=SYSTEM, value=mia.email, reason="unsubscribe")
    choose(mia, digest="mail")
    topics = set(Suppression.objects.filter(value=mia.email).values_list("topic", flat=True))
    assert "" not in topics
    assert {"reminders", "outreach"} <= topics
    assert "your-week" not in topics
