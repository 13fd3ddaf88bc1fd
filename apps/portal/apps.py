"""Django's entry point to this app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
