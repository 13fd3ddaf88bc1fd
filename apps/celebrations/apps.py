"""Django's entry point to this app."""

from django.apps import AppConfig


class CelebrationsConfig(AppConfig):
    name = "apps.celebrations"

    def ready(self) -> None:
        from apps.celebrations import records

        records.register()
