"""What is kept with an item: a checklist, links, files."""

from __future__ import annotations

import secrets

from django.core.validators import URLValidator
from django.db import models

from apps.accounts.models import User
from apps.content.models.item import CalendarItem
from apps.core.fields import LineField
from apps.core.models import Stamped

LONGEST_URL = 2000
MOST_ENTRIES = 100
MOST_LINKS = 50
MOST_ASSETS = 50


class ChecklistEntry(Stamped):
    """Something that has to be done for an item."""

    item = models.ForeignKey(CalendarItem, on_delete=models.CASCADE, related_name="checklist")
    position = models.PositiveSmallIntegerField()
    text = LineField(max_length=300)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text


class ItemLink(Stamped):
    """An address that belongs to an item. Only http and https: it is shown as a link."""

    class Kind(models.TextChoices):
        ISSUE = "issue", "Issue"
        DESIGN = "design", "Design"
        DOCUMENT = "document", "Document"
        PUBLISHED = "published", "Published at"
        OTHER = "other", "Link"

    item = models.ForeignKey(CalendarItem, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    title = LineField(max_length=200, blank=True)
    url = models.CharField(max_length=LONGEST_URL, validators=[URLValidator(schemes=["http", "https"])])

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["item", "url"], name="item_link_once")]

    def __str__(self) -> str:
        return self.title or self.url


def asset_path(asset: Asset, filename: str) -> str:
    """Below the media folder: a random name, as people's names of files may be anything."""
    return f"content/{asset.item.launch_id}/{secrets.token_hex(16)}"


class Asset(Stamped):
    """A file of an item. Its name is what the person's file was called; the stored one has a random name."""

    item = models.ForeignKey(CalendarItem, on_delete=models.CASCADE, related_name="assets")
    file = models.FileField(upload_to=asset_path, max_length=200)
    name = LineField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
