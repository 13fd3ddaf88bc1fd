"""Addresses below /launches/<slug>/outreach/."""

from __future__ import annotations

from django.urls import path

from apps.outreach import views

app_name = "outreach"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/standing/", views.standing, name="standing"),
    path("<int:pk>/start/", views.start, name="start"),
    path("<int:pk>/recipients/", views.recipients, name="recipients"),
    path("<int:pk>/duplicates/", views.duplicates, name="duplicates"),
    path("<int:pk>/recipients/<int:delivery>/", views.recipient, name="recipient"),
    path("<int:pk>/<slug:name>/", views.step, name="step"),
]
