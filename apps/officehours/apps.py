"""Django's entry point to this app."""

from django.apps import AppConfig


class OfficehoursConfig(AppConfig):
    name = "apps.officehours"

    def ready(self) -> None:
        from apps.officehours import records

        records.register()
