"""Addresses of importing, exporting and versions."""

from __future__ import annotations

from django.urls import path

from apps.plans import template_views, views

app_name = "plans"
urlpatterns = [
    path("import/", views.start, name="import"),
    path("import/<uuid:pk>/", views.preview, name="preview"),
    path("import/<uuid:pk>/discard/", views.discard, name="discard"),
    path("templates/", template_views.all_templates, name="templates"),
    path("templates/<slug:slug>/", template_views.template, name="template"),
    path("templates/<slug:slug>/archive/", template_views.archive, name="template_archive"),
    path("templates/<slug:slug>/start/", template_views.start, name="template_start"),
    path("launches/<slug:slug>/template/", template_views.make, name="make_template"),
    path("launches/<slug:slug>/plan.md", views.export, name="export"),
    path("launches/<slug:slug>/versions/", views.versions, name="versions"),
    path("launches/<slug:slug>/versions/compare/", views.compare, name="compare"),
    path("launches/<slug:slug>/versions/<int:number>/", views.version, name="version"),
    path("launches/<slug:slug>/versions/<int:number>/restore/", views.restore, name="restore"),
]
