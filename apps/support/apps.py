"""Django's entry point to this app."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "apps.support"

    def ready(self) -> None:
        from apps.support import gates, records

        records.register()
        gates.register_checks()
