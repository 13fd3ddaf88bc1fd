"""Django's entry point to this app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "apps.reviews"

    def ready(self) -> None:
        from apps.reviews import records

        records.register()
