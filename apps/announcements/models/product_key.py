"""Keys with which a customer-facing product signs who is looking."""

from __future__ import annotations

import hmac
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.core.fields import LineField
from apps.core.models import Versioned

MOST_ORIGINS = 50

# As browsers send it (RFC 6454, 6.2): scheme, host in small letters, a port only where it is not the usual one.
ORIGIN = RegexValidator(
    r"\Ahttps?://(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::[1-9][0-9]{0,4})?\Z",
    "An origin is a scheme, a host in small letters and perhaps a port, such as https://app.example.com.",
    code="origin",
)


class ProductKey(Versioned):
    """A product that may ask the feed from browsers, for users whose identity its server signed.

    No secret is stored: each is computed from `SECRET_KEY`, the key's id and a random salt, so that neither the
    database nor its backup is enough to forge an identity. During a rotation the former one holds too, until
    `former_until`. Secrets follow `SECRET_KEY`: with the old one in `SECRET_KEY_FALLBACKS` those given out
    before still hold.
    """

    name = LineField(max_length=120, unique=True)
    key = models.CharField(max_length=40, unique=True, editable=False, help_text="Public: pages carry it.")
    salt = models.CharField(max_length=64, editable=False)
    former_salt = models.CharField(max_length=64, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True, editable=False)
    origins = ArrayField(
        models.CharField(max_length=300, validators=[ORIGIN]),
        size=MOST_ORIGINS,
        default=list,
        blank=True,
        help_text="Where its pages come from. Browsers elsewhere are refused.",
    )
    is_active = models.BooleanField(default=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-is_active", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(key="") & ~Q(salt=""), name="product_key_has_secret"),
            models.CheckConstraint(
                condition=Q(former_salt="", former_until=None)
                | (~Q(former_salt="") & Q(former_until__isnull=False)),
                name="product_key_rotation_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """What the product's server signs with."""
        return derive(self.key, self.salt)

    def good_secrets(self, at: datetime) -> list[str]:
        """Every secret with which an identity may be signed at an instant, the newest first."""
        salts = [self.salt]
        if self.former_until is not None and self.former_until > at:
            salts.append(self.former_salt)
        bases = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [derive(self.key, salt, base) for base in bases for salt in salts]


def derive(key: str, salt: str, base: str | None = None) -> str:
    """The secret of a key: `lps_` and 64 hex digits."""
    text = f"announcements.product_key:{key}:{salt}"
    return "lps_" + hmac.new((base or settings.SECRET_KEY).encode(), text.encode(), "sha256").hexdigest()
