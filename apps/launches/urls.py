"""Addresses of a launch's own pages. `portal.urls` puts them, with those of apps above, below /launches/."""

from __future__ import annotations

from django.urls import path

from apps.launches.views import comments, gates, launch, records

urlpatterns = [
    path("new/", launch.new, name="new"),
    path("<slug:slug>/settings/", launch.settings, name="settings"),
    path("<slug:slug>/state/", launch.state, name="state"),
    path("<slug:slug>/team/", launch.members, name="members"),
    path("<slug:slug>/team/<int:pk>/remove/", launch.member_remove, name="member_remove"),
    path("<slug:slug>/gates/add/", gates.add, name="gate_add"),
    path("<slug:slug>/gates/usual/<int:phase>/", gates.usual, name="gates_usual"),
    path("<slug:slug>/gates/<int:pk>/edit/", gates.edit, name="gate_edit"),
    path("<slug:slug>/gates/<int:pk>/remove/", gates.remove, name="gate_remove"),
    path("<slug:slug>/gates/<int:pk>/sign/", gates.sign, name="gate_sign"),
    path("<slug:slug>/audit/", launch.audit, name="audit"),
    path("<slug:slug>/plan/<slug:kind>/add/", records.add, name="record_add"),
    path("<slug:slug>/plan/<slug:kind>/<int:pk>/", records.detail, name="record"),
    path("<slug:slug>/plan/<slug:kind>/<int:pk>/edit/", records.edit, name="record_edit"),
    path("<slug:slug>/plan/<slug:kind>/<int:pk>/move/", records.move, name="record_move"),
    path("<slug:slug>/plan/<slug:kind>/<int:pk>/remove/", records.remove, name="record_remove"),
    path("<slug:slug>/plan/<slug:kind>/<int:pk>/comments/", comments.comments, name="comments"),
    path(
        "<slug:slug>/plan/<slug:kind>/<int:pk>/comments/<int:comment>/remove/",
        comments.remove,
        name="comment_remove",
    ),
]
