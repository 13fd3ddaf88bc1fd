"""Django's entry point to this app."""

from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    name = "apps.improvement"

    def ready(self) -> None:
        from apps.improvement import records

        records.register()
