"""What people give to an import and to a version, checked for type."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from apps.core.fields import validate_zone
from apps.core.forms import DomainForm
from apps.plans.reading.source import MAX_BYTES

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DocumentForm(DomainForm):
    """A plan, pasted or uploaded: exactly one of the two."""

    document = forms.CharField(
        required=False,
        strip=False,
        label="Paste the plan",
        help_text="Markdown, as it is. What the portal does not understand it keeps as notes.",
        widget=forms.Textarea(attrs={"rows": 14, "class": "tall code", "spellcheck": "false"}),
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label="Or upload a file",
        help_text="At most 1 MiB of UTF-8 text.",
    )

    def __init__(self, data: Any = None, files: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, files, initial=initial)
        self.fields["file"].widget.attrs["accept"] = ".md,.markdown,.txt,text/markdown,text/plain"

    def source(self) -> tuple[str | bytes, str] | None:
        """The document and its file's name; None (with an error in the form) when none or two were given."""
        upload = self.files.get("file")
        pasted = str(self.cleaned_data.get("document") or "")
        if upload is not None and pasted.strip():
            self.add_error(None, "Paste the plan or upload a file, not both.")
            return None
        if upload is not None:
            # One byte more than a plan may have is enough to be told that it is too large.
            return upload.read(MAX_BYTES + 1), str(upload.name or "")[:200]
        # A browser sends every line end as CR LF; a pasted document had plain ones.
        return pasted.replace("\r\n", "\n"), ""


class PreviewForm(DomainForm):
    """What the preview lets a person say before the launch is made."""

    name = forms.CharField(
        required=False,
        max_length=300,
        label="Name of the launch",
        validators=[ProhibitNullCharactersValidator()],
    )
    launch_day = forms.DateField(
        required=False, label="Launch day", widget=DAY,
        help_text="The calendar counts its weeks around this day. It may stay open.",
    )  # fmt: skip
    rollout_start = forms.DateField(
        required=False, label="Rollout starts", widget=DAY,
        help_text="The first day of rollout Week 1, the phases count from it.",
    )  # fmt: skip
    rollout_on_launch_day = forms.BooleanField(
        required=False, label="The rollout starts on launch day",
        help_text="Proposed, for the plan does not say otherwise. Untick it to give another day or none.",
    )  # fmt: skip
    zone = forms.CharField(
        required=False, max_length=64, label="Time zone", validators=[validate_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, start = cleaned.get("launch_day"), cleaned.get("rollout_start")
        if cleaned.get("rollout_on_launch_day") and start and day and start != day:
            self.add_error("rollout_start", "Give another day, or leave the tick: not both.")
        return cleaned

    def dates(self) -> tuple[date | None, date | None]:
        """Launch day and start of the rollout as the person means them."""
        day: date | None = self.cleaned_data.get("launch_day")
        start: date | None = self.cleaned_data.get("rollout_start")
        if self.cleaned_data.get("rollout_on_launch_day"):
            start = start or day
        return day, start

    def options(self) -> dict[str, Any]:
        """What was said, as JSON for the draft."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.cleaned_data.items()
        }


class VersionForm(DomainForm):
    """A version is saved with a sentence on what it holds."""

    summary = forms.CharField(
        max_length=500, label="What changed", validators=[ProhibitNullCharactersValidator()],
        help_text="One sentence. It goes into the document's history.",
    )  # fmt: skip
    label = forms.CharField(
        required=False, max_length=60, label="Version", validators=[ProhibitNullCharactersValidator()],
        help_text="For example v1.2. Empty: the next number.",
    )  # fmt: skip
