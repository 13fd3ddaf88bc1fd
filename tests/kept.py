"""Worlds that many tests start from, built once per module.

A world is built inside a transaction that is never committed; each test gets a copy of its objects and works in a
savepoint of its own. What a test changes is gone after it, and building, which takes longer than most tests, is
done once.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

_open: list[Kept] = []


class Kept:
    """One built world. `fresh()` is what a test works with."""

    def __init__(self, build: Callable[[], Any], blocker: Any) -> None:
        from django.db import connection, transaction

        self.blocker = blocker
        # Django closes the connection after each test, and with it this transaction.
        self.staying = mock.patch.object(connection, "close", return_value=None)
        with blocker.unblock():
            connection.ensure_connection()
            self.staying.start()
            self.transaction = transaction.atomic()
            self.transaction.__enter__()
            self.world = build()
        _open.append(self)

    def fresh(self) -> Any:
        """A copy whose objects a test may change."""
        assert self in _open, (
            "a test that commits came between: it belongs at the end, or into its own module"
        )
        return copy.deepcopy(self.world)

    def end(self) -> None:
        """Undo it all."""
        from django.db import transaction

        if self not in _open:
            return
        _open.remove(self)
        with self.blocker.unblock():
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.staying.stop()


def kept(name: str) -> Any:
    """A module's fixture that builds a world; `name` is the builder's dotted path, imported once Django is set up."""

    @pytest.fixture(scope="module")
    def fixture(django_db_setup: None, django_db_blocker: Any) -> Iterator[Kept]:
        from django.utils.module_loading import import_string

        built = Kept(import_string(name), django_db_blocker)
        yield built
        built.end()

    return fixture


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that commits starts from an empty database."""
    marker = item.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    if commits or (marker is not None and marker.kwargs.get("transaction")):
        for each in list(_open):
            each.end()
