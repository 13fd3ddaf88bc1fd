"""Customer accounts, the people at them, and saved segments of them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.audience.attributes import clean_attributes
from apps.audience.rules import RuleError, parse_rule
from apps.core.fields import BodyField, LineField, ZoneField
from apps.core.models import Stamped, Versioned

# Ids that a customer's product or a CRM chose.
IDENTITY_LENGTH = 200


def validate_rule(value: str) -> None:
    """Refuse what is no segment rule, saying where it goes wrong."""
    if not value.strip():
        return
    try:
        parse_rule(value)
    except RuleError as error:
        raise ValidationError(f"{error.message} (at character {error.at + 1})", code="rule") from error


class RuleField(LineField):
    """A segment rule as text (`audience.rules`); empty: no rule."""

    default_validators = [*LineField.default_validators, validate_rule]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2000)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)


class Account(Versioned):
    """A customer of the company. `value` is what it is worth a year, in the installation's currency.

    `attributes` are whatever rules ask for: names of small letters, digits and _ to texts, numbers, truth
    values, dates (YYYY-MM-DD) or lists of texts.
    """

    class Health(models.TextChoices):
        GOOD = "good", "Good"
        FAIR = "fair", "Fair"
        POOR = "poor", "Poor"
        UNKNOWN = "", "Not known"

    external_id = LineField(max_length=IDENTITY_LENGTH, unique=True, help_text="Its id in the product.")
    name = LineField(max_length=300)
    plan = LineField(max_length=60, blank=True)
    value = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    health = models.CharField(max_length=8, choices=Health.choices, default=Health.UNKNOWN, blank=True)
    csm = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="csm_accounts"
    )
    attributes = models.JSONField(default=dict, blank=True, validators=[clean_attributes])

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(external_id=""), name="account_has_id"),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=0), name="account_value_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(health__in=["good", "fair", "poor", ""]), name="account_health_known"
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="account_by_name"),
            models.Index(fields=["plan"], name="account_by_plan"),
            models.Index(fields=["value"], name="account_by_value"),
            GinIndex(fields=["attributes"], name="account_by_attribute", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Versioned):
    """A person at an account, with the address and zone to write to them in. Personal data."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    email = models.CharField(
        max_length=254, validators=[EmailValidator()], help_text="Small letters, as mail is compared."
    )
    name = LineField(max_length=200, blank=True)
    role = LineField(max_length=120, blank=True)
    zone = ZoneField(blank=True, default="")
    language = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "email", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "email"], name="contact_once_per_account"),
            models.CheckConstraint(condition=~Q(email=""), name="contact_has_address"),
        ]
        indexes = [models.Index(fields=["email"], name="contact_by_address")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def audit_label(self) -> str:
        """No name or address: the log is read by people who may not see contacts, and forgets nothing."""
        return f"Contact {self.pk}"


class ProductUser(Stamped):
    """A user of the product at an account, by the id the product gave; attributes as an account's."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="users")
    external_id = LineField(max_length=IDENTITY_LENGTH)
    name = LineField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True, validators=[EmailValidator()])
    attributes = models.JSONField(default=dict, blank=True, validators=[clean_attributes])

    class Meta:
        ordering = ["external_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="product_user_once"),
            models.CheckConstraint(condition=~Q(external_id=""), name="product_user_has_id"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def audit_label(self) -> str:
        """No name, as of a contact."""
        return f"Product user {self.pk}"


class SavedSegment(Versioned):
    """A rule people gave a name, such as “High-value accounts”, to start others from."""

    name = LineField(max_length=120, unique=True)
    description = BodyField(blank=True)
    rule = RuleField(blank=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CustomerImport(Versioned):
    """A CSV file on its way in: uploaded, its columns mapped, checked row by row, then loaded whole or not at all.

    The file stays in the row until it is loaded or thrown away, so any process can go on with it. `mapping` is
    {header: field}, where an attribute's field is "attributes.<name>" and a column left out has none. A lease
    says who works on it; times by the database's clock.
    """

    class What(models.TextChoices):
        ACCOUNTS = "accounts", "Accounts"
        CONTACTS = "contacts", "Contacts"
        USERS = "users", "Product users"

    class State(models.TextChoices):
        UPLOADED = "uploaded", "To be mapped"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        LOADING = "loading", "Being loaded"
        DONE = "done", "Loaded"
        FAILED = "failed", "Failed"

    what = models.CharField(max_length=10, choices=What.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    file_name = LineField(max_length=200, blank=True)
    content = models.BinaryField(default=b"")
    delimiter = models.CharField(max_length=1, default=",")
    encoding = models.CharField(max_length=20, default="utf-8")
    headers = models.JSONField(default=list)
    sample = models.JSONField(default=list, help_text="The first rows, to map the columns by.")
    mapping = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0, help_text="Rows below the header.")
    at_row = models.PositiveIntegerField(default=0, help_text="How many rows the running step has done.")
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(
        default=list, help_text="The first of them: [line of the file, column, what is wrong]."
    )
    lease_until = models.DateTimeField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=["checking", "loading"]),
                name="customer_import_running",
            )
        ]

    def __str__(self) -> str:
        return self.file_name or f"{self.get_what_display()} of {self.created_at:%d %b %Y}"

    @property
    def percent(self) -> int:
        """How far the running step is."""
        return self.at_row * 100 // self.total if self.total else 0

    @property
    def is_running(self) -> bool:
        return self.state in {self.State.CHECKING, self.State.LOADING}

    @property
    def may_load(self) -> bool:
        return self.state == self.State.CHECKED and not self.error_count and self.total > 0
