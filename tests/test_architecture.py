"""The rows of apps hold for the database too: foreign keys named by string, which no import shows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[1]


def rows_of_apps() -> dict[str, int]:
    """Each app's row, the lowest first, from the contract that import-linter holds."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "apps")
    return {app.strip(): row for row, line in enumerate(reversed(layers)) for app in line.split("|")}


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("apps.")]


def may_point(app: str, other: str, rows: dict[str, int]) -> bool:
    return app == other or rows[other] < rows[app]


def test_every_app_has_a_row() -> None:
    installed = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert installed == set(rows_of_apps())


@pytest.mark.parametrize("model", ours(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_only_downwards(model: type[models.Model]) -> None:
    rows = rows_of_apps()
    for field in model._meta.get_fields():
        target = field.related_model
        if not isinstance(field, models.ForeignKey | models.ManyToManyField) or not isinstance(target, type):
            continue
        app, other = model._meta.app_label, target._meta.app_label
        if target.__module__.startswith("apps."):
            assert may_point(app, other, rows), f"{model._meta.label}.{field.name} points up to {other}"


def test_pointing_up_or_sideways_would_be_noticed() -> None:
    rows = rows_of_apps()
    assert not may_point("launches", "announcements", rows)
    assert not may_point("schedule", "metrics", rows)
    assert may_point("announcements", "launches", rows)
