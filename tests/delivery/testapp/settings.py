"""The portal's settings with the test source among its apps."""

from launchportal.settings import *  # noqa: F403
from launchportal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.delivery.testapp.apps.TestAppConfig"]
