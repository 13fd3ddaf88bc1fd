"""Django's entry point to this app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"

    def ready(self) -> None:
        from apps.portal import digest

        digest.register_own()
