"""Every setting of the portal, read from the environment by type.

With nothing set it runs on the embedded database with generated secrets. `DATABASE_URL` makes it a production
installation, which refuses to start without its secrets and names the one that is missing.
"""

from __future__ import annotations

import os
import secrets
import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from launchportal import embedded
from launchportal.environment import (
    broker_from,
    database_from,
    flag,
    fraction,
    fractions,
    mail_from,
    number,
    text,
    words,
)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = embedded.default_data_dir()
PRODUCTION = bool(os.environ.get("DATABASE_URL"))
DEBUG = flag("DEBUG")


def required(name: str, meaning: str) -> str:
    """A secret or address that only the operator can know. Raises ImproperlyConfigured naming it."""
    value = text(name)
    if PRODUCTION and not value:
        raise ImproperlyConfigured(f"{name} is not set: {meaning}. It is required once DATABASE_URL is set.")
    return value


def own_secret(name: str) -> str:
    """A random secret kept in the data folder with mode 0600, made by whichever process comes first."""
    path = DATA_DIR / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{name}.{os.getpid()}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its secret counts
    finally:
        fresh.unlink()
    return path.read_text().strip()


# Addresses and secrets ------------------------------------------------------------------------------

PUBLIC_URL = (
    required("PUBLIC_URL", "the address people reach the portal at, like https://launch.example.com")
    or f"http://127.0.0.1:{number('PORT', 8000)}"
).rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(
        f"PUBLIC_URL must be an http or https address with a host, not {PUBLIC_URL!r}."
    )
SECRET_KEY = required("SECRET_KEY", "at least 50 random characters that sign sessions") or own_secret(
    "secret-key"
)
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
# This machine's own names too: health checks ask from inside, and links are built from PUBLIC_URL anyway.
ALLOWED_HOSTS = words("ALLOWED_HOSTS") or [_public.hostname, "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}", *words("CSRF_TRUSTED_ORIGINS")]
HTTPS = _public.scheme == "https"
# Who may read /readyz's details and /metrics from elsewhere than this machine; none by default.
OPERATIONS_TOKEN = text("OPERATIONS_TOKEN")

# Applications ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "anymail",
    "django_htmx",
    "template_partials",
    "rules",
    "apps.core",
    "apps.audit",
    "apps.accounts",
    "apps.delivery",
    "apps.audience",
    "apps.launches",
    "apps.schedule",
    "apps.metrics",
    "apps.work",
    "apps.content",
    "apps.rollouts",
    "apps.meetings",
    "apps.support",
    "apps.training",
    "apps.officehours",
    "apps.announcements",
    "apps.outreach",
    "apps.celebrations",
    "apps.reviews",
    "apps.improvement",
    "apps.plans",
    "apps.portal",
]
MIDDLEWARE = [
    "apps.core.middleware.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.PrivatePages",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "launchportal.urls"
WSGI_APPLICATION = "launchportal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.context.portal",
            ],
        },
    }
]

# Database -------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {"default": database_from(text("DATABASE_URL"), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Celery: every name with the CELERY_ prefix is read by launchportal/celery.py -----------------------

_broker = broker_from(
    required("CELERY_BROKER_URL", "amqp://..., redis://... or pgmq: for the queue inside the database"),
    DATABASES["default"],
)
CELERY_BROKER_URL = _broker.url
CELERY_BROKER_TRANSPORT_OPTIONS = _broker.options
BROKER_KIND = _broker.kind

# Sign-in --------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# https://docs.allauth.org/en/latest/account/configuration.html
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators add people; nobody signs themselves up
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Launch portal"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # administrators vouch for the addresses they add

# Security -------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
    SECURE_HSTS_PRELOAD = flag("SECURE_HSTS_PRELOAD", default=True)
    # The proxy in front must set this header itself and drop what a client sends.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# https://django-csp.readthedocs.io/en/latest/configuration.html
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the picture of a one-time-password secret
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *words("CSP_FORM_ACTION")],  # origins of sign-in providers
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
# Pages of a product say who is looking; which origins may is each product key's own list (announcements.cors).
CORS_ALLOW_HEADERS = (*default_headers, "x-launch-identity")
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Language, time, files ------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(text("STATIC_ROOT") or DATA_DIR / "static")
PLAIN_STATIC = flag("PLAIN_STATIC", default="pytest" in sys.modules or DEBUG)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PLAIN_STATIC
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = PLAIN_STATIC
# Where `make run` keeps the mails it catches; empty: they go to EMAIL_HOST.
CAUGHT_MAIL = text("CAUGHT_MAIL")
# A provider's API (EMAIL_PROVIDER), else the relay at EMAIL_HOST, else the console: docs/delivery.md
_mail = mail_from(production=PRODUCTION)
EMAIL_BACKEND = _mail.backend
ANYMAIL = _mail.anymail
# Whose webhooks are taken below /anymail/: only of providers that something verifies.
DELIVERY_WEBHOOKS = _mail.webhooks
EMAIL_HOST = text("EMAIL_HOST") or "localhost"
EMAIL_PORT = number("EMAIL_PORT", 25)
EMAIL_HOST_USER = text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL") or f"Launch portal <portal@{_public.hostname}>"

# Sending mail: docs/delivery.md. Durations are in seconds, rates in messages a second (0: no limit) -------

DELIVERY_BATCH = number("DELIVERY_BATCH", 50)  # rows a lane claims at once
DELIVERY_LANES = number("DELIVERY_LANES", 8)  # connections to the relay (and to the database) per worker
DELIVERY_SLOTS = number("DELIVERY_SLOTS", 1)  # Celery tasks that send at the same time, on all machines
DELIVERY_POLL_SECONDS = fraction("DELIVERY_POLL_SECONDS", 2)
DELIVERY_TASK_SECONDS = fraction("DELIVERY_TASK_SECONDS", 60)
DELIVERY_IDLE_SECONDS = fraction("DELIVERY_IDLE_SECONDS", 0.25)
DELIVERY_SNAPSHOT_CHUNK = number("DELIVERY_SNAPSHOT_CHUNK", 5000)
DELIVERY_LEASE_SECONDS = fraction("DELIVERY_LEASE_SECONDS", 120)
# Longer than the answer to the final dot may take, so that only a dead worker's rows become uncertain.
DELIVERY_ATTEMPT_SECONDS = fraction("DELIVERY_ATTEMPT_SECONDS", 660)
DELIVERY_CONNECT_SECONDS = fraction("DELIVERY_CONNECT_SECONDS", 20)
DELIVERY_COMMAND_SECONDS = fraction("DELIVERY_COMMAND_SECONDS", 30)
# https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.2.6: a shorter one makes uncertain rows
DELIVERY_FINAL_SECONDS = fraction("DELIVERY_FINAL_SECONDS", 600)
# How long a worker keeps trying to write a known answer down while the database is away.
DELIVERY_RECORD_SECONDS = fraction("DELIVERY_RECORD_SECONDS", 120)
DELIVERY_RETRY_SECONDS = fractions("DELIVERY_RETRY_SECONDS", [60, 300, 900, 3600, 14400, 43200])
DELIVERY_RETRY_JITTER = 0.2
# How long a lane leaves the relay alone that did not let it in.
DELIVERY_RELAY_PAUSE_SECONDS = fraction("DELIVERY_RELAY_PAUSE_SECONDS", 15)
# A connection is renewed after so many messages or seconds without one.
DELIVERY_CONNECTION_MESSAGES = number("DELIVERY_CONNECTION_MESSAGES", 1000)
DELIVERY_CONNECTION_IDLE_SECONDS = fraction("DELIVERY_CONNECTION_IDLE_SECONDS", 20)
DELIVERY_SENDER_RATE = fraction("DELIVERY_SENDER_RATE", 0)
DELIVERY_DOMAIN_RATE = fraction("DELIVERY_DOMAIN_RATE", 0)
# A mailing pauses itself by the share of errors among its latest results, once there are enough of them.
DELIVERY_ERROR_WINDOW = number("DELIVERY_ERROR_WINDOW", 200)
DELIVERY_ERROR_LEAST = number("DELIVERY_ERROR_LEAST", 20)
# Where `mailto:` unsubscribes go; without one, mails offer the https way only.
DELIVERY_UNSUBSCRIBE_MAILBOX = text("DELIVERY_UNSUBSCRIBE_MAILBOX")
# Where bounces go; without one, to each mail's From address.
DELIVERY_BOUNCE_MAILBOX = text("DELIVERY_BOUNCE_MAILBOX")
# The largest webhook, and the largest mail (as a webhook or on receive_mail's input), in bytes.
DELIVERY_WEBHOOK_BYTES = number("DELIVERY_WEBHOOK_BYTES", 2 * 1024 * 1024)
DELIVERY_INBOUND_BYTES = number("DELIVERY_INBOUND_BYTES", 25 * 1024 * 1024)
# For how many days a mail from a recipient that names no message of ours counts as an answer to their last one.
DELIVERY_REPLY_DAYS = number("DELIVERY_REPLY_DAYS", 30)
# The domain of Message-IDs.
DELIVERY_MESSAGE_DOMAIN = text("DELIVERY_MESSAGE_DOMAIN") or _public.hostname
# Only tests set it: a labelled point at which a sending process kills itself; see apps/delivery/faults.py.
DELIVERY_FAULT = text("DELIVERY_FAULT")

# Outreach -------------------------------------------------------------------------------------------

_from_address = parseaddr(DEFAULT_FROM_EMAIL)[1]
# Domains whose SPF and DKIM let the relay send for them: there a mail comes from the CSM's own address.
OUTREACH_SENDER_DOMAINS = [domain.lower() for domain in words("OUTREACH_SENDER_DOMAINS")]
# Names of the relay's DKIM keys, for `manage.py check_senders`.
DKIM_SELECTORS = words("DKIM_SELECTORS")
OUTREACH_FROM_ADDRESS = text("OUTREACH_FROM_ADDRESS") or _from_address
# The most mails of all campaigns that one contact gets in so many days.
OUTREACH_CAP_MAILS = number("OUTREACH_CAP_MAILS", 4)
OUTREACH_CAP_DAYS = number("OUTREACH_CAP_DAYS", 30)

# API ------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api.actors.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "apps.core.api.problems.handle",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# https://drf-spectacular.readthedocs.io/en/latest/settings.html
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "ENUM_NAME_OVERRIDES": {
        "NoticeChannelEnum": "apps.schedule.notices.CHANNEL_CHOICES",
        "FollowUpKindEnum": "apps.work.models.FollowUp.Kind",
        "MoveAnchorEnum": "apps.schedule.models.Move.Kind",
        "PlacementAnchorEnum": "apps.schedule.models.Placement.Anchor",
        "CalendarItemStatusEnum": "apps.content.models.CalendarItem.Status",
    },
    "TITLE": "Launch portal",
    "DESCRIPTION": "Launches, their plans, announcements and what follows the calendar.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],  # it describes; it shows nobody's data
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.schema.loosen",
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "filter": True},  # there are many operations to look through
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Planning -----------------------------------------------------------------------------------------

# How much open work one person may have in a week, in all launches together, before it is called a clash.
CLASH_OPEN_ITEMS = number("CLASH_OPEN_ITEMS", 5)

# Health and logging ---------------------------------------------------------------------------------

# How old a worker's or beat's row may be, in seconds, before /readyz calls it gone.
HEARTBEAT_SECONDS = number("HEARTBEAT_SECONDS", 2)
HEARTBEAT_STALE_SECONDS = number("HEARTBEAT_STALE_SECONDS", 10)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "apps.core.middleware.RequestIdFilter"},
        "secret_addresses": {"()": "apps.core.middleware.SecretAddressFilter"},
    },
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id", "secret_addresses"],
        },
    },
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL") or "INFO"},
    # Django's own set-up mails errors to ADMINS and prints nothing when DEBUG is off.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # Two polls a second would fill the log with their going and coming.
        "celery": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pgmq": {"level": "WARNING"},
    },
}
