"""Django's entry point to this app."""

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "apps.schedule"

    def ready(self) -> None:
        from apps.schedule import clashes, policies, receivers, records, source, weekly  # noqa: F401

        records.register()
        clashes.register_own()
        source.register_own()
        weekly.register_own()
