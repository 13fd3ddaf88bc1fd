"""Addresses of the pages about a launch's dates, below /launches/."""

from __future__ import annotations

from django.urls import path

from apps.schedule import views

urlpatterns = [path("<slug:slug>/move/", views.move, name="move")]
