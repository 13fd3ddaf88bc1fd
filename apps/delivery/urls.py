"""The one page recipients of mail have, below /u/<token>/."""

from django.urls import path

from apps.delivery.views import preferences

app_name = "delivery"
urlpatterns = [path("", preferences.preferences, name="preferences")]
