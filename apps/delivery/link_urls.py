"""Counted links of mails, below /l/<token>/."""

from django.urls import path

from apps.delivery.views import tracked_links

app_name = "delivery_links"
urlpatterns = [path("", tracked_links.follow, name="follow")]
