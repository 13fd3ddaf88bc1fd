"""Addresses of the pages about a launch's phases, below /launches/."""

from __future__ import annotations

from django.urls import path

from apps.rollouts import views

urlpatterns = [
    path("<slug:slug>/phases/", views.phases, name="phases"),
    path("<slug:slug>/phases/<int:pk>/state/", views.phase_state, name="phase_state"),
    path("<slug:slug>/phases/steps/<int:pk>/", views.step_reached, name="step_reached"),
]
