"""What every refused request has to look like, and how much is stored."""

from __future__ import annotations

from typing import Any

from django.apps import apps as django_apps

from apps.core.api.problems import TITLES


def counts() -> dict[str, int]:
    """How many rows every table of ours holds."""
    return {
        model._meta.label: model._default_manager.count()
        for model in django_apps.get_models()
        if model.__module__.startswith("apps.")
    }


def refused(answer: Any, status: int = 400) -> dict[str, Any]:
    """The problem an answer tells, after checking its shape."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    name, title = TITLES[status]
    assert problem["type"] == f"/api/v1/problems/{name}/"
    assert problem["title"] == title
    assert problem["detail"]
    assert problem["code"]
    assert problem["request_id"] == answer["X-Request-ID"]
    assert problem["instance"].startswith("/api/v1/")
    for messages in problem.get("errors", {}).values():
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    return problem
