"""Addresses of the pages about oneself and other people: inbox and settings."""

from __future__ import annotations

from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read, name="read"),
    path("inbox/<int:pk>/", views.open_notification, name="open"),
    path("settings/", views.profile, name="settings"),
    path("settings/theme/", views.theme, name="theme"),
    path("settings/zone/", views.zone, name="zone"),
    path("settings/tokens/", views.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("settings/people/", views.people, name="people"),
    path("settings/people/new/", views.new_person, name="new_person"),
    path("settings/people/<int:pk>/", views.person, name="person"),
    path("settings/teams/", views.teams, name="teams"),
    path("settings/teams/<int:pk>/customers/", views.team_customers, name="team_customers"),
]
