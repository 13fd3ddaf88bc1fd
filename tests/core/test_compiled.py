"""Queries whose SQL is written once: each asking has its own values, and every connection its own plans."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team
from apps.core.compiled import AnyOf, Compiled, given, prepared

BY_NAME = Compiled(lambda: Team.objects.filter(name=given("name", str)).values_list("slug"))
SOME = Compiled(
    lambda: (
        Team.objects.filter(Q(AnyOf(F("pk"), given("ids", list[int]))) | Q(given("all", bool)))
        .order_by("slug")
        .values_list("slug")
    )
)


@pytest.fixture
def teams(db: None) -> list[Team]:
    return [Team.objects.create(slug=name.lower(), name=name) for name in ("One", "Two", "Three")]


def test_each_asking_has_its_own_values(teams: list[Team]) -> None:
    assert BY_NAME.rows(name="One") == [("one",)]
    assert BY_NAME.rows(name="Two") == [("two",)]
    assert BY_NAME.rows(name="Ü' OR 1=1 --") == []
    assert SOME.rows(ids=[teams[0].pk, teams[2].pk], all=False) == [("one",), ("three",)]
    assert SOME.rows(ids=[], all=False) == []
    assert len(SOME.rows(ids=[], all=True)) == 3


def test_what_is_missing_is_said(teams: list[Team]) -> None:
    with pytest.raises(KeyError):
        BY_NAME.rows(surname="One")


def test_it_is_counted_like_any_other_query(teams: list[Team]) -> None:
    with CaptureQueriesContext(connection) as queries:
        BY_NAME.rows(name="One")
    assert len(queries) == 1
    assert "accounts_team" in queries[0]["sql"]


def test_the_server_keeps_the_plan_and_nobody_elses(teams: list[Team]) -> None:
    for _ in range(3):
        BY_NAME.rows(name="One")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%accounts_team%%name%%'"
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_plans_anew() -> None:
    Team.objects.create(slug="one", name="One")
    assert BY_NAME.rows(name="One") == [("one",)]
    connection.close()
    assert BY_NAME.rows(name="One") == [("one",)]


def test_rows_come_typed(db: None) -> None:
    with prepared() as cursor:
        cursor.execute("SELECT %s::bigint, %s::text, now()", [5, "x"])
        number, text, at = cursor.fetchone()
    assert (number, text, at.tzinfo is not None) == (5, "x", True)
