"""Django's entry point to this app."""

from django.apps import AppConfig


class LaunchesConfig(AppConfig):
    name = "apps.launches"

    def ready(self) -> None:
        from apps.launches import gates, records

        records.register()
        gates.register("messages_approved", "Rollback messages approved", gates.messages_approved)
