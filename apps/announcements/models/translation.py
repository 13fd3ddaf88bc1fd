"""An announcement in another language."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.announcements.models.announcement import LANGUAGE, Announcement
from apps.core.fields import BodyField, LineField

MOST_TRANSLATIONS = 40


class Translation(models.Model):
    """The words of an announcement in one more language; what it leaves empty is said in the announcement's own."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=12, validators=[LANGUAGE])
    title = LineField(max_length=200)
    body = BodyField(blank=True, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False, help_text="The body as the feed gives it, sanitised.")
    action_label = LineField(max_length=60, blank=True)

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(fields=["announcement", "language"], name="translation_once"),
            models.CheckConstraint(condition=~Q(title=""), name="translation_has_title"),
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.title}"
