"""Django's entry point to this app."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "apps.meetings"

    def ready(self) -> None:
        from apps.meetings import policies  # noqa: F401
