"""People, their teams, their tokens and what waits in their inbox."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from apps.core.fields import BodyField, LineField, ZoneField
from apps.core.models import Stamped, Versioned


class Team(models.Model):
    """A department that owns work: marketing, customer success, support, product, engineering, sales..."""

    slug = models.SlugField(max_length=60, unique=True)
    name = LineField(max_length=120)
    works_with_customers = models.BooleanField(
        default=False, help_text="Its people see and change customers' contacts, who are personal data."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("a person needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(
            email, password, **{"role": User.Role.ADMINISTRATOR, "is_superuser": True, **fields}
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the company. Signs in by e-mail; `role` is what they may do in the whole installation."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", "Administrator"
        MEMBER = "member", "Member"
        VIEWER = "viewer", "Viewer"

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "Comfortable"
        COMPACT = "compact", "Compact"

    email = models.EmailField(unique=True)
    name = LineField(max_length=120)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    zone = ZoneField()
    zone_confirmed = models.BooleanField(
        default=False, help_text="Whether the browser's zone was offered already."
    )
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    teams = models.ManyToManyField(Team, blank=True, related_name="people")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["administrator", "member", "viewer"]), name="user_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Django's admin asks for this name; administrators may look around there, read-only."""
        return self.role == self.Role.ADMINISTRATOR

    @property
    def is_administrator(self) -> bool:
        return self.role == self.Role.ADMINISTRATOR

    @property
    def initials(self) -> str:
        parts = (self.name or self.email).split()
        return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class ApiToken(Stamped):
    """A bearer token (`lp_...`) acting for one person within its scopes. Only its SHA-256 is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = LineField(max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Notification(models.Model):
    """One line in a person's inbox. `source` makes each (person, reason) arrive once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=32)
    title = LineField()
    body = BodyField(blank=True)
    url = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=120)
    launch_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "source"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notification_by_user"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(Versioned):
    """A person's choice that is not a column of its own (name and JSON value)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences")
    name = models.CharField(max_length=80)
    value = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="preference_once")]

    def __str__(self) -> str:
        return self.name
