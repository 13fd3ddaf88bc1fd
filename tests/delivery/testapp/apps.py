"""Registers the test source in real processes (`DJANGO_SETTINGS_MODULE=tests.delivery.testapp.settings`)."""

from __future__ import annotations

from django.apps import AppConfig


class TestAppConfig(AppConfig):
    name = "tests.delivery.testapp"
    label = "delivery_testapp"

    def ready(self) -> None:
        from tests.delivery.testapp.source import register

        register()
