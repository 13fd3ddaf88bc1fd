"""Customers from CSV files: columns mapped, every row checked, all of it loaded or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from apps.audience.models import Account, Contact, CustomerImport
from apps.audience.services import importing
from apps.audience.services.csv_files import inspect
from apps.audience.services.importing import check, load, upload, waiting, work_on
from apps.core.errors import Conflict, Invalid, NotAllowed

if TYPE_CHECKING:
    from tests.audience.worlds import World

ACCOUNTS = """Account ID,Company,Plan,ARR,CSM email,Number of seats,Trial,Since
acme,Acme Inc,Business,90000,jo@example.com,40,false,2026-01-02
initech,"Initech, Ltd",Team,1200.50,,007,TRUE,
"""


def new(world: World, text: str | bytes, what: str = "accounts") -> CustomerImport:
    content = text if isinstance(text, bytes) else text.encode()
    return upload(actor=world.act("csm"), what=what, content=content, file_name="accounts.csv")


def run(world: World, text: str | bytes, what: str = "accounts") -> CustomerImport:
    """Upload, take the proposed columns, check."""
    started = new(world, text, what)
    check(actor=world.act("csm"), run=started, mapping=started.mapping)
    assert work_on(started.pk)
    return CustomerImport.objects.get(pk=started.pk)


def test_columns_are_proposed_by_their_names_and_the_rest_become_attributes(world: World) -> None:
    assert new(world, ACCOUNTS).mapping == {
        "Account ID": "external_id", "Company": "name", "Plan": "plan", "ARR": "value", "CSM email": "csm",
        "Number of seats": "attributes.number_of_seats", "Trial": "attributes.trial",
        "Since": "attributes.since",
    }  # fmt: skip
    contacts = new(world, "Company,E-Mail,Full name,Job title\nacme,a@b.example,A,Boss\n", "contacts")
    assert contacts.mapping == {
        "Company": "account", "E-Mail": "email", "Full name": "name", "Job title": "role"
    }  # fmt: skip


def test_a_file_is_checked_without_a_change_and_then_loaded_whole(world: World) -> None:
    checked = run(world, ACCOUNTS)
    assert (checked.state, checked.created_count, checked.updated_count, checked.problems) == (
        "checked", 1, 1, [],
    )  # fmt: skip
    assert Account.objects.count() == 2
    load(actor=world.act("csm"), run=checked)
    assert waiting() == [checked.pk]
    assert work_on(checked.pk)
    loaded = CustomerImport.objects.get(pk=checked.pk)
    assert (loaded.state, bytes(loaded.content)) == ("done", b"")
    initech = Account.objects.get(external_id="initech")
    assert (initech.name, str(initech.value), initech.csm) == ("Initech, Ltd", "1200.50", None)
    # 007 stays a text, what is empty is not held at all.
    assert initech.attributes == {"number_of_seats": "007", "trial": True}
    acme = Account.objects.get(external_id="acme")
    assert (acme.plan, acme.attributes["projects"], acme.attributes["number_of_seats"]) == (
        "Business",
        12,
        40,
    )
    # Once more: nobody left to do anything, and the same file again changes nothing.
    assert not work_on(checked.pk)
    again = run(world, ACCOUNTS)
    assert (again.created_count, again.updated_count, again.unchanged_count) == (0, 0, 2)


def test_every_problem_is_told_by_line_and_column_and_nothing_is_loaded(world: World) -> None:
    text = (
        "id,name,value,csm\n"
        "a,Alpha,lots,\n"
        ',"Two\nlines",1,\n'
        "c,Gamma,1\n"
        "\n"
        "d,Delta,1,who@example.com\n"
        "fine,Fine,1,\n"
        "fine,Again,1,\n"
    )
    checked = run(world, text)
    assert checked.problems == [
        [2, "value", "“lots” is not a number; write it as 50000 or 50000.00."],
        [3, "id", "This is needed."],
        [5, "", "3 cells where the header has 4."],
        [7, "csm", "Nobody here has the address who@example.com."],
        [9, "id", "Line 8 has the same."],
    ]
    assert (checked.error_count, checked.may_load) == (5, False)
    with pytest.raises(Invalid, match="whole or not at all"):
        load(actor=world.act("csm"), run=checked)
    assert Account.objects.count() == 2


def test_an_empty_cell_makes_nobody_mailable(world: World) -> None:
    """Exports leave it blank for "no": who opted out stays out, and of a new contact nothing is guessed."""
    Contact.objects.filter(email="wile@acme.example").update(is_active=False)
    known = "Company,E-Mail,Full name,Subscribed\nacme,wile@acme.example,Wile Ethelbert,\n"
    checked = run(world, known, "contacts")
    assert (checked.mapping["Subscribed"], checked.problems) == ("is_active", [])
    load(actor=world.act("csm"), run=checked)
    assert work_on(checked.pk)
    wile = Contact.objects.get(email="wile@acme.example")
    assert (wile.name, wile.is_active) == ("Wile Ethelbert", False)
    checked = run(world, f"{known}acme,new@acme.example,New, \nacme,yes@acme.example,Yes,yes\n", "contacts")
    assert checked.problems == [
        [3, "Subscribed", "Write true or false: of a new one nobody may guess it."],
    ]
    assert not checked.may_load


def test_what_goes_wrong_between_checking_and_loading_leaves_nothing_behind(world: World) -> None:
    checked = run(world, ACCOUNTS)
    load(actor=world.act("csm"), run=checked)
    world.people["csm"].is_active = False
    world.people["csm"].save()
    assert work_on(checked.pk)
    stopped = CustomerImport.objects.get(pk=checked.pk)
    assert (stopped.state, stopped.problems) == (
        "checked", [[2, "CSM email", "Nobody here has the address jo@example.com."]],
    )  # fmt: skip
    assert not Account.objects.filter(external_id="initech").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"id,name\n", "no row below"),
        (b"id,name\na,Caf\xe9\n", r"Line 2 is not UTF-8 \(byte 14\)"),
        (b"id,name\na,\x00\n", "null byte"),
        (b"id,id\na,b\n", "Two columns are called"),
        (b"id,\na,b\n", "Column 2 has no name"),
        (b'id,name\n"a,b\n', "Line 2: unexpected end of data"),
        (b'id,name\n"a"x,b\n', "Line 2: "),
        (",".join(f"c{n}" for n in range(121)).encode() + b"\na\n", "At most 120 columns"),
    ],
)
def test_what_is_no_csv_file_is_refused_with_its_line(world: World, content: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        new(world, content)
    assert not CustomerImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ("id;name\na;Caf\u00e9\n".encode("utf-8-sig"), ["a", "Café"]),
        ("id\tname\r\na\tCafé\r\n".encode("utf-16"), ["a", "Café"]),
        (b'id,"na;me"\na,"x;y;z"\n', ["a", "x;y;z"]),
        (b"id|name\na|b\n", ["a", "b"]),
    ],
)
def test_what_spreadsheets_write_is_read(content: bytes, cells: list[str]) -> None:
    assert inspect(content).sample == [cells]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({}, "Say which column is external_id"),
        ({"id": "external_id", "nope": "name"}, "no column"),
        ({"id": "external_id", "name": "external_id"}, "are both external_id"),
        ({"id": "external_id", "name": "password"}, "no field"),
        ({"id": "external_id", "name": "attributes.Bad Name"}, "cannot be an attribute"),
        ({"id": "external_id", "name": "attributes.plan"}, "cannot be an attribute"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(world: World, mapping: dict[str, str], message: str) -> None:
    started = new(world, "id,name\na,b\n")
    with pytest.raises(Invalid, match=message):
        check(actor=world.act("csm"), run=started, mapping=mapping)


@pytest.mark.parametrize("who", ["marketer", "viewer"])
def test_only_who_works_with_customers_imports(world: World, who: str) -> None:
    started = new(world, ACCOUNTS)
    for step in (
        lambda actor: upload(actor=actor, what="accounts", content=ACCOUNTS.encode()),
        lambda actor: check(actor=actor, run=started, mapping=started.mapping),
        lambda actor: load(actor=actor, run=started),
        lambda actor: importing.discard(actor=actor, run=started),
    ):
        with pytest.raises(NotAllowed):
            step(world.act(who))


def test_a_step_is_begun_once_and_gone_on_with_when_its_worker_died(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = new(world, ACCOUNTS)
    check(actor=world.act("csm"), run=started, mapping=started.mapping)
    with pytest.raises(Conflict):
        check(actor=world.act("csm"), run=started, mapping=started.mapping)

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(importing, "_check_rows", die)
        with pytest.raises(SystemExit):
            work_on(started.pk)
    assert not work_on(started.pk), "its lease still holds"
    assert waiting() == []
    CustomerImport.objects.update(lease_until="2020-01-01T00:00Z")
    assert waiting() == [started.pk]
    assert work_on(started.pk)
    assert CustomerImport.objects.get().state == "checked"


def test_progress_is_seen_from_outside_while_a_file_loads(
    stored_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = stored_world
    monkeypatch.setattr(importing, "BATCH", 2)
    rows = "".join(f"acme,p{number}@acme.example\n" for number in range(5))
    checked = run(world, f"account,email\n{rows}", "contacts")
    assert checked.total == 5
    load(actor=world.act("csm"), run=checked)
    seen: list[tuple[int, int]] = []
    tell = importing._progress

    def watch(run: CustomerImport, done: int) -> None:
        from django.db import connections

        tell(run, done)
        aside = connections.create_connection("default")
        with aside.cursor() as cursor:
            cursor.execute("SELECT at_row FROM audience_customerimport WHERE id = %s", [run.pk])
            at_row = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM audience_contact")
            seen.append((at_row, cursor.fetchone()[0]))
        aside.close()

    monkeypatch.setattr(importing, "_progress", watch)
    assert work_on(checked.pk)
    assert seen == [(2, 1), (4, 1), (5, 1)], "progress is told, contacts come at the end"
    assert Contact.objects.count() == 6
