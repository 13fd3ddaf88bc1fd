"""Django's entry point to this app."""

from django.apps import AppConfig


class AnnouncementsConfig(AppConfig):
    name = "apps.announcements"

    def ready(self) -> None:
        from apps.announcements import calendar, cors, receivers  # noqa: F401
        from apps.content import linked

        linked.register(
            "announcements",
            calendar.find,
            channel_kind="in_app",
            offer=linked.Offer("Write the announcement", calendar.write_one),
        )
