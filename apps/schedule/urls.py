"""Addresses of the pages about a launch's dates, below /launches/."""

from __future__ import annotations

from django.urls import path

from apps.schedule.views import clashes, item_time, moving

urlpatterns = [
    path("<slug:slug>/move/", moving.move, name="move"),
    path("<slug:slug>/moves/", moving.moves, name="moves"),
    path("<slug:slug>/moves/<int:pk>/undo/", moving.undo, name="move_undo"),
    path("<slug:slug>/time/<int:pk>/", item_time.time, name="time"),
    path("<slug:slug>/time/<int:pk>/hang/", item_time.hang_on, name="time_hang"),
    path("<slug:slug>/time/<int:pk>/waits/", item_time.link, name="time_link"),
    path("<slug:slug>/time/<int:pk>/waits/<int:dependency>/", item_time.change_link, name="time_relink"),
    path("<slug:slug>/time/<int:pk>/waits/<int:dependency>/remove/", item_time.unlink, name="time_unlink"),
    path("<slug:slug>/clashes/", clashes.clashes, name="clashes"),
    path("<slug:slug>/clashes/freezes/<int:pk>/remove/", clashes.unfreeze, name="unfreeze"),
]
