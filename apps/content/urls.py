"""Addresses below /launches/<slug>/calendar/."""

from __future__ import annotations

from django.urls import path

from apps.content import views

app_name = "content"
urlpatterns = [
    path("", views.calendar, name="calendar"),
    path("<int:pk>/", views.item, name="item"),
    path("<int:pk>/finish/", views.finish, name="finish"),
    path("<int:pk>/block/", views.block, name="block"),
    path("<int:pk>/status/", views.status, name="status"),
    path("<int:pk>/split/", views.split, name="split"),
]
