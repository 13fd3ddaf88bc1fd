"""Django's entry point to this app."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "apps.work"
