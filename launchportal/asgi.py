"""The same application for an ASGI server, for those who put one in front."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchportal.settings")
application = get_asgi_application()
