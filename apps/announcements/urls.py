"""Addresses below /launches/<slug>/announcements/."""

from __future__ import annotations

from django.urls import path

from apps.announcements import views
from apps.announcements.views.figures import figures
from apps.announcements.views.product import product, start_over

app_name = "announcements"
urlpatterns = [
    path("", views.announcements, name="list"),
    path("new/", views.new, name="new"),
    path("preview/", views.preview, name="preview"),
    path("audience/", views.audience, name="audience"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/standing/", views.standing, name="standing"),
    path("<int:pk>/schedule/", views.schedule, name="schedule"),
    path("<int:pk>/figures/", figures, name="figures"),
    path("<int:pk>/product/", product, name="product"),
    path("<int:pk>/product/start-over/", start_over, name="start_over"),
    path("<int:pk>/<str:step>/", views.step, name="step"),
]
