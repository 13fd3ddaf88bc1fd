"""The portal's addresses with the webhooks of two providers: one that signs, one that has a password only."""

from __future__ import annotations

from django.urls import include, path

from apps.delivery import webhooks
from launchportal.urls import urlpatterns as portal

urlpatterns = [path("anymail/", include((webhooks.patterns(["mailgun", "postmark"]), "anymail"))), *portal]
