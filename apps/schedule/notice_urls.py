"""Addresses of the page on which a person says how they want to be told."""

from __future__ import annotations

from django.urls import path

from apps.schedule.views import notices

app_name = "notices"
urlpatterns = [path("settings/notices/", notices.settings, name="settings")]
