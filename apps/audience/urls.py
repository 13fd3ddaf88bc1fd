"""Addresses of customers, below /customers/."""

from __future__ import annotations

from django.urls import path

from apps.audience.views import customers, imports, segments

app_name = "audience"
urlpatterns = [
    path("", customers.accounts, name="accounts"),
    path("new/", customers.edit_account, name="new_account"),
    path("import/", imports.upload, name="upload"),
    path("import/<int:pk>/", imports.run, name="import"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new/", segments.edit, name="new_segment"),
    path("segments/reach/", segments.reach, name="reach"),
    path("segments/<int:pk>/", segments.edit, name="segment"),
    path("segments/<int:pk>/remove/", segments.remove, name="remove_segment"),
    path("<int:pk>/", customers.account, name="account"),
    path("<int:pk>/edit/", customers.edit_account, name="edit_account"),
    path("<int:pk>/remove/", customers.remove_account, name="remove_account"),
    path("<int:account_pk>/contacts/new/", customers.edit_contact, name="new_contact"),
    path("<int:account_pk>/contacts/<int:pk>/", customers.edit_contact, name="edit_contact"),
    path("<int:account_pk>/contacts/<int:pk>/remove/", customers.remove_contact, name="remove_contact"),
]
