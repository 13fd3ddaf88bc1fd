"""/healthz and /readyz as seen by one process without worker and beat."""

from __future__ import annotations

import pytest
from django.test import Client


def test_healthz_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_names_worker_and_beat_when_neither_has_shown_itself(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["failing"] == ["beat", "worker"]
