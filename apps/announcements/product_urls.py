"""Addresses outside of launches: what the product's pages need, and the keys of those products."""

from __future__ import annotations

from django.urls import path

from apps.announcements.views import keys
from apps.announcements.views.product import widget

app_name = "product"
urlpatterns = [
    path("widget.js", widget, name="widget"),
    path("settings/product-keys/", keys.keys, name="keys"),
    path("settings/product-keys/limits/", keys.limits, name="limits"),
    path("settings/product-keys/<int:pk>/", keys.key, name="key"),
    path("settings/product-keys/<int:pk>/rotate/", keys.rotate, name="rotate"),
]
