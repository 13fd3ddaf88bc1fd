"""Django's entry point to this app."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "apps.training"

    def ready(self) -> None:
        from apps.training import gates, records

        records.register()
        gates.register_checks()
