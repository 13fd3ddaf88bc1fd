"""Django's entry point to this app."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "apps.audience"
