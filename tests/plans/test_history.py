"""Entries of a document's history survive export and reading again, whatever they are called and by whom."""

from __future__ import annotations

import pytest

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.services.records import add_record, change_record
from apps.plans.models import HistoryEntry
from apps.plans.services.export import export_plan
from apps.plans.services.restoring import restore
from apps.plans.services.versions import save_version
from tests.plans.worlds import World, bare, check_round_trip, sample


@pytest.mark.parametrize(
    ("summary", "author"),
    [
        ("Scope: only EU", "Ann Lee"),
        ("Dates moved", "Ann Lee by command line"),
        ("Dates - and channels - moved", "Ludwig van B."),
        ("One; two | three, by four", "李小龍"),
        pytest.param("2.0", "Cher", marks=pytest.mark.full),
        pytest.param("Zurück – again", "Ann – Lee", marks=pytest.mark.full),
        pytest.param("- dash start", "@ann", marks=pytest.mark.full),
        pytest.param("Summary: see [link](http://a.b)", "", marks=pytest.mark.full),
    ],
)
def test_saved_versions_survive(world: World, summary: str, author: str) -> None:
    for launch in (sample(world), bare(world)):
        saved = save_version(actor=world.actor, launch=launch, summary=summary)
        entry = HistoryEntry.objects.get(launch=launch, title=summary)
        change_record(actor=SYSTEM, record=entry, values={"author": author})
        check_round_trip(launch)
        restore(actor=world.actor, launch=launch, version=saved)
        check_round_trip(launch)


def test_every_part_of_a_history_entry_has_its_place(world: World) -> None:
    launch = world.sample()
    for values in (
        {"title": "Only a title"},
        {"title": "A name for a version", "label": "Final cut", "text": "With\ntwo lines"},
        {"title": "No date", "label": "v9", "author": "Ann"},
        {"title": "No version", "date": "2026-05-06", "text": "Why: because"},
        {"title": "A date that is none", "date": "after lunch"},
    ):
        add_record(actor=SYSTEM, launch=launch, kind=kinds.get("history"), values=values)
    check_round_trip(launch)
    again = world.bring(export_plan(launch)).launch
    assert [
        (entry.title, entry.date, entry.label, entry.author, entry.text)
        for entry in HistoryEntry.objects.filter(launch=again)
    ][2:] == [
        ("Only a title", "", "", "", ""),
        ("A name for a version", "", "Final cut", "", "With\ntwo lines"),
        ("No date", "", "v9", "Ann", ""),
        ("No version", "2026-05-06", "", "", "Why: because"),
        ("A date that is none", "after lunch", "", "", ""),
    ]
