"""Django's entry point to this app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
