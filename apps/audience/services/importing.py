"""Customers from a CSV file: upload, map, check every row, load all of it or nothing.

A worker does the two long steps. A lease says that it still does; when it dies, the poll finds the row and
another one starts the step again, which changes nothing that was not committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.audience import policies
from apps.audience.models import CustomerImport
from apps.audience.services import csv_files
from apps.audience.services.mapping import check_mapping, propose, row_of
from apps.audience.services.rows import Row
from apps.audience.services.upserting import TARGETS, Outcome, Target, apply_rows
from apps.audit import services as audit
from apps.core.actors import SYSTEM, Actor
from apps.core.bell import ring
from apps.core.errors import Conflict, DomainError, Invalid

State = CustomerImport.State
LEASE = timedelta(minutes=3)
BATCH = 2000
MOST_PROBLEMS = 200


class _Stop(Exception):
    """Leave the transaction: the file is wrong after all."""


def upload(*, actor: Actor, what: str, content: bytes, file_name: str = "") -> CustomerImport:
    """Take a file in, look through it, and propose what its columns are. Raises `Invalid` for no CSV."""
    policies.require("accounts.change", actor)
    if what not in TARGETS:
        raise Invalid(f"“{what[:40]}” cannot be imported: {', '.join(TARGETS)}.", field="what")
    found = csv_files.inspect(content)
    return CustomerImport.objects.create(
        what=what,
        content=content,
        file_name="".join(char for char in file_name if char.isprintable())[-200:],
        encoding=found.encoding,
        delimiter=found.delimiter,
        headers=found.headers,
        sample=found.sample,
        total=found.total,
        mapping=propose(TARGETS[what], found.headers),
        by_id=actor.user.pk if actor.user is not None else None,
    )


def check(*, actor: Actor, run: CustomerImport, mapping: Mapping[str, str]) -> CustomerImport:
    """Set what the columns are and have every row checked, without changing any customer."""
    return _begin(actor, run, State.CHECKING, (State.UPLOADED, State.CHECKED, State.FAILED), mapping)


def load(*, actor: Actor, run: CustomerImport) -> CustomerImport:
    """Have a file that was checked without a problem loaded, in one transaction."""
    return _begin(actor, run, State.LOADING, (State.CHECKED,))


def discard(*, actor: Actor, run: CustomerImport) -> None:
    """Throw the file away; what was loaded of it stays."""
    policies.require("accounts.change", actor)
    CustomerImport.objects.filter(pk=run.pk).delete()


def _begin(
    actor: Actor,
    run: CustomerImport,
    to: str,
    from_states: tuple[str, ...],
    mapping: Mapping[str, str] | None = None,
) -> CustomerImport:
    policies.require("accounts.change", actor)
    with transaction.atomic():
        run = CustomerImport.objects.select_for_update().defer("content").get(pk=run.pk)
        if run.state not in from_states:
            raise Conflict(f"The file is {run.get_state_display().lower()} by now.", version=run.version)
        if to == State.LOADING and not run.may_load:
            raise Invalid("Mend what is wrong in the file first: it is loaded whole or not at all.")
        if mapping is not None:
            run.mapping = check_mapping(TARGETS[run.what], run.headers, mapping)
        run.state, run.at_row, run.lease_until = to, 0, None
        run.version += 1
        run.save()
        ring("audience.import", run.pk)
    return run


# In a worker.


def waiting() -> list[int]:
    """Imports whose step nobody does (any more)."""
    stale = Q(lease_until=None) | Q(lease_until__lt=Now())
    running = CustomerImport.objects.filter(stale, state__in=[State.CHECKING, State.LOADING])
    return list(running.order_by("pk").values_list("pk", flat=True))


def work_on(pk: int) -> bool:
    """Do the step an import waits for, unless somebody does. Safe to call twice and at the same time."""
    stale = Q(lease_until=None) | Q(lease_until__lt=Now())
    mine = CustomerImport.objects.filter(stale, pk=pk, state__in=[State.CHECKING, State.LOADING])
    if not mine.update(lease_until=Now() + LEASE, at_row=0):
        return False
    run = CustomerImport.objects.get(pk=pk)
    try:
        if run.state == State.CHECKING:
            _check_rows(run)
        else:
            _load_rows(run)
    except DomainError as error:
        _finish(run, State.FAILED, {"problems": [[1, "", error.message]], "error_count": 1})
    return True


def _check_rows(run: CustomerImport) -> None:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "error": 0}
    problems: list[list[Any]] = []
    seen: dict[tuple[Any, ...], int] = {}
    target = TARGETS[run.what]
    for lines, rows in _batches(run):
        for line, row in zip(lines, rows, strict=True):
            _told_twice(target, row, line, seen)
        with transaction.atomic():
            outcomes = apply_rows(target, rows, dry_run=True)
        _note(run, lines, outcomes, counts, problems)
        _progress(run, len(lines))
    _finish(run, State.CHECKED, _figures(counts, problems))


def _load_rows(run: CustomerImport) -> None:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "error": 0}
    problems: list[list[Any]] = []
    try:
        with transaction.atomic():
            for lines, rows in _batches(run):
                outcomes = apply_rows(TARGETS[run.what], rows)
                _note(run, lines, outcomes, counts, problems)
                if problems:
                    raise _Stop
                _progress(run, len(lines))
            audit.record(
                actor=Actor.of(run.by) if run.by else SYSTEM,
                verb=f"{run.what}.imported",
                obj=run,
                changes={name: [None, count] for name, count in counts.items()},
            )
            _finish(run, State.DONE, _figures(counts, problems), content=b"")
    except _Stop:
        # Somebody changed accounts between checking and loading; nothing of the file is kept.
        _finish(run, State.CHECKED, _figures(counts, problems))


def _batches(run: CustomerImport) -> Iterator[tuple[list[int], list[Row]]]:
    """(lines of the file, checked rows), some thousand at a time."""
    target = TARGETS[run.what]
    found = csv_files.rows(bytes(run.content), run.encoding, run.delimiter)
    next(found, None)
    while batch := list(islice(found, BATCH)):
        yield (
            [line for line, _ in batch],
            [row_of(target, run.headers, run.mapping, cells) for _, cells in batch],
        )


def _told_twice(target: Target, row: Row, line: int, seen: dict[tuple[Any, ...], int]) -> None:
    """The same account twice in one file would make the result depend on the order."""
    if any(name not in row.values for name in target.key):
        return
    key = tuple(row.values[name] for name in target.key)
    before = seen.setdefault(key, line)
    if before != line:
        row.errors[target.key[-1]] = [f"Line {before} has the same."]


def _note(
    run: CustomerImport,
    lines: list[int],
    outcomes: list[Outcome],
    counts: dict[str, int],
    problems: list[list[Any]],
) -> None:
    columns = {field: header for header, field in run.mapping.items()}
    for line, outcome in zip(lines, outcomes, strict=True):
        counts[outcome.status] += 1
        for name, messages in outcome.errors.items():
            if len(problems) < MOST_PROBLEMS:
                problems.append([line, columns.get(name, name), messages[0]])


def _figures(counts: Mapping[str, int], problems: list[list[Any]]) -> dict[str, Any]:
    return {
        "created_count": counts["created"],
        "updated_count": counts["updated"],
        "unchanged_count": counts["unchanged"],
        "error_count": counts["error"],
        "problems": problems,
    }


def _finish(run: CustomerImport, state: str, values: Mapping[str, Any], **more: Any) -> None:
    CustomerImport.objects.filter(pk=run.pk).update(
        state=state, lease_until=None, version=run.version + 1, **values, **more
    )


def _progress(run: CustomerImport, done: int) -> None:
    """Tell how far it is and hold the lease, over a connection of its own: a load commits only at its end."""
    run.at_row += done
    aside = connections.create_connection("default")
    try:
        with aside.cursor() as cursor:
            cursor.execute(
                "UPDATE audience_customerimport SET at_row = %s,"
                " lease_until = statement_timestamp() + make_interval(secs => %s) WHERE id = %s",
                [run.at_row, LEASE.total_seconds(), run.pk],
            )
    finally:
        aside.close()
