"""Django's entry point to this app."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "apps.content"

    def ready(self) -> None:
        from apps.content import clashes, gates, receivers, records  # noqa: F401

        records.register()
        gates.register_checks()
        clashes.register_checks()
