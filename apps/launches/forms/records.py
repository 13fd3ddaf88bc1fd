"""One form for every kind of plan record, made from the kind's description."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models

from apps.accounts.forms import PersonField
from apps.accounts.models import Team, User
from apps.audience.models import RuleField
from apps.audience.rule_forms import RuleFormField
from apps.audience.rules.proposing import propose_rule
from apps.core.errors import Conflict, Invalid
from apps.core.fields import BODY, validate_characters
from apps.core.forms import DomainForm
from apps.launches import kinds
from apps.launches.kinds import Facet, Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services.comments import LONGEST


class TopicsField(forms.CharField):
    """Topics of a review, one a line: a title, and after a colon what it is about."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(
            f"{topic['title']}: {topic['text']}" if topic.get("text") else str(topic.get("title", ""))
            for topic in value
        )

    def clean(self, value: Any) -> list[dict[str, str]]:
        topics = []
        for line in str(super().clean(value) or "").splitlines():
            title, _, text = line.partition(":")
            if title.strip():
                topics.append({"title": title.strip(), "text": text.strip()})
        return topics

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(str(self.prepare_value(initial) or "").strip() != str(data or "").strip())


class RecordForm(DomainForm):
    """The fields and facets of one record. `values()` is what the service takes, `seen()` what it compares.

    A facet may change without the record's version (a move changes "when"), so the form carries what it was
    shown with: only what differs from that is the person's own change. `only` names fields of a smaller form.
    """

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        kind: Kind,
        launch: Launch,
        record: LaunchRecord | None = None,
        initial: Mapping[str, Any] | None = None,
        only: Collection[str] | None = None,
        auto_id: str = "",
    ) -> None:
        self.kind = kind
        self.record = record
        names = [name for name in kind.fields if only is None or name in only]
        self.facets: dict[str, Facet] = {
            name: facet for name, facet in kinds.facets(kind).items() if only is None or name in only
        }
        start: dict[str, Any] = dict(initial or {})
        if record is not None:
            start["version"] = record.version
            start.update({name: _initial(record, name) for name in names})
            start.update({name: facet.written(record) for name, facet in self.facets.items()})
        super().__init__(
            data,
            initial=start,
            prefix=None,
            auto_id=auto_id or f"{kind.key}-%s",
            use_required_attribute=False,
        )
        for name in names:
            self.fields[name] = _form_field(kind, name, launch)
        for name, facet in self.facets.items():
            self.fields[name] = forms.CharField(
                required=False,
                label=facet.label,
                help_text=facet.help_text,
                max_length=10_000 if facet.multiline else 200,
                validators=[ProhibitNullCharactersValidator()],
                widget=forms.Textarea(attrs={"rows": 3}) if facet.multiline else forms.TextInput,
                # Who posts no such value (a program) is compared with what is stored.
                show_hidden_initial=record is not None
                and (data is None or self.add_initial_prefix(name) in data),
            )
        if record is not None and record.owner_id is None and record.owner_name and "owner" in self.fields:
            self.fields["owner"].help_text = f"The plan names “{record.owner_name}”."
        if record is not None and "rule" in self.fields and not start.get("rule"):
            proposed = propose_rule(f"{start.get('audience') or ''}\n{record.title}\n{record.text}")
            if proposed:
                self.fields["rule"].help_text = f"The plan's words would be: {proposed}"
        # Time stands right below the title, where people look for it.
        order = [name for name in self.fields if name not in self.facets]
        place = order.index("title") + 1
        self.order_fields([*order[:place], *self.facets, *order[place:]])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, facet in self.facets.items():
            if name not in self.changed_data or name in self.errors:
                continue
            try:
                cleaned[name] = facet.parse(cleaned.get(name, ""), self.kind)
            except Invalid as error:
                self.add_error(name, error.message)
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the person changed (of a new record: what they gave), by field name."""
        changed = set(self.changed_data) - {"version"}
        return {name: self.cleaned_data[name] for name in self.fields if name in changed}

    def seen(self) -> dict[str, str]:
        """The facets as this form was shown with, by name."""
        shown = {name: self.add_initial_prefix(name) for name in self.facets}
        return {name: str(self.data[sent]) for name, sent in shown.items() if sent in self.data}

    def conflict(self, error: Conflict) -> list[dict[str, Any]]:
        """Yours and theirs for every field that differs; the form now holds their version, so that saving
        it again overwrites what they wrote knowingly."""
        rows = []
        for name, bound in self.fields.items():
            if name not in error.current or name == "version":
                continue
            yours, theirs = self._shown(name), _words(bound, error.current[name])
            if yours != theirs:
                rows.append({"label": bound.label, "yours": yours, "theirs": theirs})
        data = self.data.copy() if hasattr(self.data, "copy") else dict(self.data)
        data["version"] = str(error.version)
        for name in self.seen().keys() & error.current.keys():
            data[self.add_initial_prefix(name)] = error.current[name]
        self.data = data
        return rows

    def _shown(self, name: str) -> str:
        if name in self.facets:
            return str(self.data.get(name, "")).strip()
        return _words(self.fields[name], self.cleaned_data.get(name))


def _initial(record: LaunchRecord, name: str) -> Any:
    field = record._meta.get_field(name)
    return getattr(record, f"{name}_id" if isinstance(field, models.ForeignKey) else name)


def _words(field: forms.Field, value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(field, TopicsField):
        return str(field.prepare_value(value) or "")
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(field, forms.TypedChoiceField):
        for key, label in cast("list[tuple[Any, Any]]", field.choices):
            if str(key) == str(value):
                return str(label)
    return "" if value is None else str(value)


def _form_field(kind: Kind, name: str, launch: Launch) -> forms.Field:
    """The form field for a model field, with the kind's own words and this launch's choices."""
    if name == "topics":
        return TopicsField(
            label="Topics",
            required=False,
            max_length=BODY,
            help_text="One a line: a title, and after a colon what it is about.",
            widget=forms.Textarea(attrs={"rows": 5}),
        )
    field = cast("models.Field[Any, Any]", kind.model._meta.get_field(name))
    label = {"title": kind.title_label, "text": kind.text_label, "owner": "Owner", **kind.labels}.get(
        name, name.replace("_", " ").capitalize()
    )
    if isinstance(field, models.ForeignKey):
        empty = "Nobody" if name == "owner" else "None"
        if field.related_model is User:
            return PersonField(
                required=not field.blank, label=label, help_text=field.help_text, empty_label=empty
            )
        return forms.ModelChoiceField(
            queryset=_choices(field.related_model, launch),
            required=not field.blank,
            label=label,
            help_text=field.help_text,
            empty_label=empty,
        )
    if isinstance(field, RuleField):
        return RuleFormField(label=label, required=False, help_text=field.help_text)
    form_field = cast("forms.Field", field.formfield(label=label))
    if isinstance(field, models.TextField) or (field.max_length or 0) > 1000:
        form_field.widget = forms.Textarea(attrs={"rows": 3})
    if isinstance(field, models.TimeField):
        form_field.widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return form_field


def _choices(model: Any, launch: Launch) -> models.QuerySet[Any]:
    if model is Team:
        return Team.objects.all()
    return cast("models.QuerySet[Any]", model._default_manager.filter(launch=launch))


class CommentForm(DomainForm):
    """Something to say about a record."""

    text = forms.CharField(
        max_length=LONGEST,
        label="Comment",
        validators=[ProhibitNullCharactersValidator(), validate_characters],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
