"""The registry of kinds: one description per kind of plan record, from which pages, API and import work.

Apps register their own kinds when they are ready. A *facet* is a field that is not a column of the record's
own table (when it happens, what it aims at); the app that owns the facet's table registers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches.models import LaunchRecord

Values = Mapping[str, Any]
BeforeSave = Callable[[Actor, Any, dict[str, list[Any]]], None]
BeforeAdd = Callable[[Actor, Sequence[Any]], None]


class Facet(Protocol):
    """A virtual field of a record. `label` and `help_text` are for forms, values travel as JSON types.

    `json_schema` and `accepted_schema` (JSON Schema) describe what the API shows and takes. A facet may have a
    consequence that is only read (the dates of a "when"), under `consequence_name`, described by its schema.
    """

    name: str
    label: str
    help_text: str
    multiline: bool
    consequence_name: str

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """The JSON value, described for programs."""

    @property
    def accepted_schema(self) -> Mapping[str, Any]:
        """What `accept` takes, described for programs."""

    @property
    def consequence_schema(self) -> Mapping[str, Any]:
        """What `consequence` gives, described for programs."""

    def prefetch(self, records: Sequence[LaunchRecord]) -> None:
        """Load what `value` and `written` need for all these records in a bounded number of queries."""

    def value(self, record: LaunchRecord) -> Any:
        """The facet as JSON, as the plan reader gives it."""

    def written(self, record: LaunchRecord) -> str:
        """The facet as a person would write it in a form."""

    def parse(self, text: str, record_kind: Kind) -> Any:
        """What a person wrote as the JSON value; raises `Invalid` naming what is wrong."""

    def accept(self, value: Any, record_kind: Kind) -> Any:
        """What a program sent, text or JSON of any shape, as the JSON value; raises `Invalid`."""

    def consequence(self, record: LaunchRecord) -> Any:
        """What follows from the facet, as JSON."""

    def tag(self, record: LaunchRecord) -> str:
        """Changes whenever the facet shows something else although the record's version stays."""

    def store(self, record: LaunchRecord, value: Any, *, actor: Actor) -> bool:
        """Store the JSON value for a saved record; returns whether anything changed."""

    def store_many(self, records: Sequence[LaunchRecord], values: Sequence[Any], *, actor: Actor) -> None:
        """Store the JSON values of new records of one kind (None where there is none) in a few statements."""

    def refresh(self, record: LaunchRecord) -> None:
        """The record's own columns changed: bring along what is copied from them."""

    def remove(self, record: LaunchRecord) -> None:
        """The record is about to be deleted."""


@dataclass(frozen=True)
class Kind:
    """How one kind of record is named, filed, shown and edited.

    `fields` are model fields in the order a form shows them, `title` first and `text` where it reads best.
    `section` is the key of the Plan page's section (see SECTIONS). `summary` names fields shown in the row.
    `where` narrows a model shared by two kinds and presets new rows. `counts_key` is the reader's plural.
    `before_save` is called with the actor, the locked record as it will be stored, and {field: [old, new]}; it
    may raise `Invalid`, set what follows from the change, and add to the changes what it set. `before_add` is the
    same for many new records at once, in a number of queries that does not grow with them.
    """

    key: str
    model: type[LaunchRecord]
    label: str
    plural: str
    section: str
    fields: tuple[str, ...]
    counts_key: str
    icon: str = "file-text"
    title_label: str = "Title"
    text_label: str = "Description"
    help: str = ""
    summary: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    has_page: bool = False
    before_save: BeforeSave | None = None
    before_add: BeforeAdd | None = None


@dataclass(frozen=True)
class Section:
    """One section of the Plan page."""

    key: str
    label: str
    icon: str


SECTIONS = (
    Section("overview", "Overview", "flag"),
    Section("phases", "Launch strategy", "layers"),
    Section("communication", "Messages and channels", "megaphone"),
    Section("calendar", "Content calendar", "calendar"),
    Section("segments", "Target segments", "users"),
    Section("metrics", "Success metrics", "chart-line"),
    Section("training", "Training and education", "graduation-cap"),
    Section("support", "Support and operations", "life-buoy"),
    Section("rollback", "Rollback and contingency", "undo-2"),
    Section("reviews", "Post-launch analysis", "clipboard-check"),
    Section("celebration", "Celebration and improvement", "party-popper"),
    Section("history", "Document history", "history"),
)

_kinds: dict[str, Kind] = {}
_facets: dict[str, dict[str, Facet]] = {}


def register(*kinds: Kind) -> None:
    """Add kinds; called from `AppConfig.ready`, so twice is the same as once."""
    for kind in kinds:
        _kinds[kind.key] = kind


def add_facet(facet: Facet, kind_keys: Iterable[str]) -> None:
    """Give kinds a virtual field."""
    for key in kind_keys:
        _facets.setdefault(key, {})[facet.name] = facet


def get(key: str) -> Kind:
    """The kind of this key; `NotFound` if there is none."""
    try:
        return _kinds[key]
    except KeyError:
        raise NotFound(f"There is no kind of record called “{key[:60]}”.", code="unknown_kind") from None


def is_known(key: str) -> bool:
    """Whether anything is of a kind of this key."""
    return key in _kinds


def of(record: LaunchRecord) -> Kind:
    """The kind a record is of."""
    return _kinds[record.kind]


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def in_section(section: str) -> list[Kind]:
    return [kind for kind in _kinds.values() if kind.section == section]


def facets(kind: Kind) -> dict[str, Facet]:
    return _facets.get(kind.key, {})


def each_facet(kind: Kind, apply: Callable[[Facet], None]) -> None:
    """Run something for every facet of a kind."""
    for facet in facets(kind).values():
        apply(facet)
