"""API tokens: made once, shown once, good within scopes and time, ended at once."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import ApiToken, User
from apps.accounts.services import create_token, revoke_token
from apps.audit.models import Event
from apps.core.actors import SYSTEM, Actor
from apps.core.clock import now
from apps.core.errors import Invalid, NotAllowed, NotFound


def me(text: str) -> Any:
    return Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {text}"})


def make(user: User, *scopes: str, **arguments: Any) -> tuple[ApiToken, str]:
    return create_token(actor=SYSTEM, user=user, name="test", scopes=list(scopes or ("read",)), **arguments)


def test_a_token_acts_for_its_person_within_its_scopes(member: User) -> None:
    token, text = make(member, "read", "feed")
    answer = me(text)
    assert (answer.status_code, answer.json()["email"]) == (200, "mia@example.com")
    assert (answer.json()["acts_as"], answer.json()["scopes"]) == ("token", ["feed", "read"])
    assert text.startswith("lp_")
    assert text not in str(list(ApiToken.objects.values()))
    assert len(text) > 40
    assert token.prefix == text[:8]


@pytest.mark.parametrize("ending", ["expired", "revoked", "closed account", "another text"])
def test_a_token_that_is_not_good_any_more_is_refused(member: User, ending: str) -> None:
    token, text = make(member)
    if ending == "expired":
        ApiToken.objects.filter(pk=token.pk).update(expires_at=now() - timedelta(seconds=1))
    elif ending == "revoked":
        revoke_token(actor=Actor.of(member), token=token)
    elif ending == "closed account":
        User.objects.filter(pk=member.pk).update(is_active=False)
    else:
        text = text[:-1] + ("a" if text[-1] != "a" else "b")
    answer = me(text)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="Launch portal"')
    assert answer["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("text", ["", "lp_", "lp_ä", "x" * 10_000, "lp_" + "x" * 10_000, "lp_a b"])
def test_malformed_tokens_are_refused(db: None, text: str) -> None:
    header = f"Bearer {text}".encode().decode("latin-1")
    assert Client().get("/api/v1/me/", HTTP_AUTHORIZATION=header).status_code == 401


def test_last_used_is_written_at_most_once_a_minute(member: User) -> None:
    token, text = make(member)
    assert token.last_used_at is None
    me(text)
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as queries:
        me(text)
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    ApiToken.objects.update(last_used_at=now() - timedelta(seconds=61))
    me(text)
    assert ApiToken.objects.get(pk=token.pk).last_used_at > first - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 3651}, "days"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00"}, "name"),
    ],
)
def test_what_a_token_may_not_be(member: User, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_token(actor=Actor.of(member), user=member, **{"name": "x", "scopes": ["read"], **arguments})
    assert field in refused.value.errors
    assert not ApiToken.objects.exists()


def test_people_make_tokens_for_themselves_and_administrators_for_anybody(
    member: User, administrator: User
) -> None:
    with pytest.raises(NotAllowed):
        create_token(actor=Actor.of(member), user=administrator, name="x", scopes=["read"])
    create_token(actor=Actor.of(administrator), user=member, name="x", scopes=["read"])
    token_actor = Actor(kind="token", id=1, label="t", user=member, scopes=frozenset({"write", "admin"}))
    with pytest.raises(NotAllowed):
        create_token(actor=token_actor, user=member, name="x", scopes=["read"])


def test_nobody_ends_somebody_elses_token(member: User, administrator: User) -> None:
    token, text = make(administrator)
    with pytest.raises(NotFound):
        revoke_token(actor=Actor.of(member), token=token)
    assert me(text).status_code == 200


def test_the_command_prints_a_token_that_works(member: User) -> None:
    out = StringIO()
    call_command("create_token", "MIA@example.com", "--scope", "read", "--scope", "feed", stdout=out)
    answer = me(out.getvalue().strip())
    assert (answer.status_code, answer.json()["scopes"]) == (200, ["feed", "read"])
    assert Event.objects.get(verb="token.created").actor_label == "Launch portal"


def test_several_scopes_at_once_and_no_end(member: User) -> None:
    out = StringIO()
    call_command(
        "create_token", "mia@example.com", "--scope", "read,write", "feed", "--days", "0", stdout=out
    )
    token = ApiToken.objects.get()
    assert (token.scopes, token.expires_at) == (["feed", "read", "write"], None)


@pytest.mark.parametrize(
    "arguments", [("nobody@example.com", "--scope", "read"), ("mia@example.com", "--scope", "all")]
)
def test_the_command_says_what_is_wrong(member: User, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"Nobody active|Choose scopes"):
        call_command("create_token", *arguments)
