"""Addresses of follow-ups, below /follow-ups/."""

from __future__ import annotations

from django.urls import path

from apps.work import views

app_name = "work"
urlpatterns = [
    path("", views.follow_ups, name="list"),
    path("new/", views.edit, name="new"),
    path("<int:pk>/", views.follow_up, name="follow_up"),
    path("<int:pk>/edit/", views.edit, name="edit"),
]
