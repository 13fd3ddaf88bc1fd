"""Addresses below /anymail/ at which providers tell what became of mails, and hand over answers to them."""

from __future__ import annotations

from django.conf import settings

from apps.delivery import webhooks

app_name = "anymail"
urlpatterns = webhooks.patterns(settings.DELIVERY_WEBHOOKS)
