"""Django's entry point to this app."""

from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    name = "apps.announcements"

    def ready(self) -> None:
        from apps.announcements import receivers  # noqa: F401
