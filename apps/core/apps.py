"""Django's entry point to this app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # Whoever rings a bell needs the Celery application: web processes, commands and tests too.
        import launchportal.celery  # noqa: F401
