"""Django's entry point to this app."""

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "apps.schedule"

    def ready(self) -> None:
        from apps.schedule import policies, receivers, records  # noqa: F401

        records.register()
