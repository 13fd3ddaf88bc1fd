"""Addresses of the pages about a launch's metrics, below /launches/."""

from __future__ import annotations

from django.urls import path

from apps.metrics import views

urlpatterns = [
    path("<slug:slug>/metrics/", views.metrics, name="metrics"),
    path("<slug:slug>/metrics/<int:pk>/follow/", views.follow, name="follow"),
    path("<slug:slug>/metrics/<int:pk>/measure/", views.measure, name="measure"),
]
