"""Addresses below /launches/<slug>/calendar/."""

from __future__ import annotations

from django.urls import path

from apps.content.views import actuals, bulk, calendar, items, material, moving, quick, review, rows

app_name = "content"
urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("quick/", quick.add, name="quick"),
    path("actuals/", actuals.actuals, name="actuals"),
    path("bulk/", bulk.change, name="bulk"),
    path("bulk/<int:change>/undo/", bulk.undo, name="undo"),
    path("moves/<int:pk>/undo/", moving.undo, name="move_undo"),
    path("<int:pk>/", items.item, name="item"),
    path("<int:pk>/finish/", items.finish, name="finish"),
    path("<int:pk>/block/", items.block, name="block"),
    path("<int:pk>/status/", items.status, name="status"),
    path("<int:pk>/submit/", review.submit, name="submit"),
    path("<int:pk>/approve/", review.approve, name="approve"),
    path("<int:pk>/changes/", review.changes, name="changes"),
    path("<int:pk>/reviewers/", review.reviewers, name="reviewers"),
    path("<int:pk>/checklist/", material.checklist, name="checklist"),
    path("<int:pk>/checklist/<int:entry>/", material.entry, name="entry"),
    path("<int:pk>/links/", material.links, name="links"),
    path("<int:pk>/links/<int:link>/", material.link, name="link"),
    path("<int:pk>/files/", material.files, name="files"),
    path("<int:pk>/files/<int:file>/", material.file, name="file"),
    path("<int:pk>/message/", items.message, name="message"),
    path("<int:pk>/watch/", material.watch, name="watch"),
    path("channels/<int:pk>/approval/", review.rule, name="rule"),
    path("<int:pk>/row/", rows.edit, name="row"),
    path("<int:pk>/move/", moving.move, name="move"),
    path("<int:pk>/split/", items.split, name="split"),
]
