"""Django's entry point to this app."""

from django.apps import AppConfig


class LaunchesConfig(AppConfig):
    name = "apps.launches"

    def ready(self) -> None:
        from apps.launches import records

        records.register()
