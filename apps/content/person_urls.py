"""Addresses below /calendar/: what belongs to the person who looks, whatever the launch."""

from __future__ import annotations

from django.urls import path

from apps.content.views import bulk, calendar, feeds, quick, saved

app_name = "calendars"
urlpatterns = [
    path("bulk/", bulk.change_of_all, name="bulk"),
    path("bulk/undo/", bulk.undo_of_all, name="undo"),
    path("quick/", quick.add_anywhere, name="quick"),
    path("display/", calendar.display, name="display"),
    path("feeds/", feeds.feeds_page, name="feeds"),
    path("feeds/<int:pk>/revoke/", feeds.revoke, name="feed_revoke"),
    path("views/", saved.save, name="view_save"),
    path("views/<int:pk>/", saved.change, name="view"),
    path("views/<int:pk>/remove/", saved.remove, name="view_remove"),
]
