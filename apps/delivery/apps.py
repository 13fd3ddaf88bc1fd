"""Django's entry point to this app."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "apps.delivery"

    def ready(self) -> None:
        from apps.delivery import receivers  # noqa: F401
