"""The portal's settings with the engines it is measured against."""

import os

from launchportal.settings import *  # noqa: F403
from launchportal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "mailer", "post_office", "benchmarks.outgoing.apps.OutgoingConfig"]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ.get("SINK_PORT", "25"))
MAILER_EMAIL_BACKEND = EMAIL_BACKEND
MAILER_EMAIL_MAX_BATCH = None
POST_OFFICE = {
    "BACKENDS": {"default": EMAIL_BACKEND},
    "BATCH_SIZE": 5000,
    "THREADS_PER_PROCESS": 4,
    "CELERY_ENABLED": False,
}
