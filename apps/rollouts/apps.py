"""Django's entry point to this app."""

from django.apps import AppConfig


class RolloutsConfig(AppConfig):
    name = "apps.rollouts"

    def ready(self) -> None:
        from apps.rollouts import records

        records.register()
