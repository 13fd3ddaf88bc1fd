"""A template's document: what it may hold, checked to the last field before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError

from apps.core.errors import Invalid
from apps.core.fields import validate_zone
from apps.launches import gates, kinds
from apps.launches.models import Member
from apps.launches.services.records import SHARED_FIELDS
from apps.plans.templating.parts import Entry, GateEntry, Offset, Role, Rule, Wait
from apps.schedule.models import MOST_LAG, TEN_YEARS_IN_DAYS, Dependency, Placement
from apps.schedule.services.placing import columns_of
from apps.schedule.when import When

SCHEMA = 1
MOST_RECORDS = 5_000
MOST_ROLES = 60
OWNER = "owner"
# Never part of a template: persons, how far things got, what was measured, whose story it was.
LEFT_OUT = frozenset({"owner", "owner_name", "status", "message_approved", "baseline", "account"})
# Of these a copy knows nothing either: how far things got and whose they are stays with the original.
BEGINS_ANEW = frozenset({"owner", "status", "message_approved"})
# What was written about the original's document is its past.
PAST_KINDS = frozenset({"history"})
_ANCHORS = frozenset({"launch_day", "rollout_start", "record", "none"})
_LAUNCH = {"summary": str, "launch_type": str, "target_audience": str, "zone": str, "launch_time": str,
           "holidays": list, "rollout_after": int}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """Everything worth keeping of a launch. `notes` say in words what became something else on the way."""

    launch: Mapping[str, Any]
    roles: Sequence[Role] = ()
    records: Sequence[Entry] = ()
    gates: Sequence[GateEntry] = ()
    approvals: Sequence[Rule] = ()
    waits: Sequence[Wait] = ()
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """What is stored; `read` takes it back. What says nothing is left out."""
        lists = {
            each.name: [part if isinstance(part, str) else _lean(part) for part in getattr(self, each.name)]
            for each in fields(self)
            if each.name != "launch"
        }
        return {"schema": SCHEMA, "launch": dict(self.launch), **lists}

    def counts(self) -> dict[str, int]:
        """How many records of each kind, in the order of the kinds."""
        found = {kind.key: 0 for kind in kinds.all_kinds()}
        for entry in self.records:
            found[entry.kind] += 1
        return {key: count for key, count in found.items() if count}

    def role(self, key: str) -> Role | None:
        return next((role for role in self.roles if role.key == key), None)


def _lean(part: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(part).items()
        # 0 equals False: an offset of 0 and the record at index 0 say something.
        if (isinstance(value, int) and not isinstance(value, bool))
        or value not in (None, "", [], (), {}, False)
    }


def bad(where: str, what: str) -> Invalid:
    """The refusal of a document, naming the place in it."""
    return Invalid(f"This is no template: {where} {what}.", code="bad_template", field="document")


def read(value: Any) -> Document:
    """A stored document, checked whole: types, kinds, fields, references, offsets, circles.

    Raises `Invalid` (code `bad_template`) naming the place.
    """
    _object(value, "the document")
    if value.get("schema") != SCHEMA:
        raise bad("schema", f"is {str(value.get('schema'))[:20]!r}, and this portal reads {SCHEMA}")
    _known(value, {"schema", *(each.name for each in fields(Document))}, "the document")
    records = _parts(value, "records", Entry, MOST_RECORDS)
    document = Document(
        launch=_launch(value.get("launch", {})),
        roles=_parts(value, "roles", Role, MOST_ROLES),
        records=[_entry(entry, f"records[{index}]") for index, entry in enumerate(records)],
        gates=_parts(value, "gates", GateEntry, MOST_RECORDS),
        approvals=_parts(value, "approvals", Rule, MOST_RECORDS),
        waits=_parts(value, "waits", Wait, MOST_RECORDS * 4),
        notes=[str(note)[:500] for note in _list(value.get("notes", []), "notes")],
    )
    _check_roles(document)
    for index, entry in enumerate(document.records):
        _check_entry(document, entry, f"records[{index}]")
    _check_others(document)
    order_of(document)
    return document


def _object(value: Any, where: str) -> None:
    if not isinstance(value, Mapping):
        raise bad(where, "is not an object")


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise bad(where, "is not a list")
    return list(value)


def _text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise bad(where, "is no text")


def _known(value: Mapping[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(map(str, value)) - names)
    if unknown:
        raise bad(where, f"has an unknown field “{unknown[0][:60]}”")


def _parts(value: Mapping[str, Any], name: str, of: type[Any], most: int) -> list[Any]:
    given = _list(value.get(name, []), name)
    if len(given) > most:
        raise bad(name, f"holds {len(given)}, and at most {most} are possible")
    made = []
    for index, part in enumerate(given):
        where = f"{name}[{index}]"
        _object(part, where)
        _known(part, {each.name for each in fields(of)}, where)
        try:
            made.append(of(**part))
        except TypeError:
            raise bad(where, "leaves out what it needs") from None
        _types(made[-1], where)
    return made


_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str, "int": int, "bool": bool, "int | None": (int, type(None)),
    "Mapping[str, Any]": Mapping, "Sequence[str]": list, "Sequence[Mapping[str, str]]": list,
    "Sequence[Mapping[str, Any]]": list,
}  # fmt: skip


def _types(part: Any, where: str) -> None:
    for each in fields(part):
        wanted, value = _TYPES.get(str(each.type)), getattr(part, each.name)
        if wanted is None or value == () or value == {}:
            continue
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise bad(f"{where}.{each.name}", "is of another type")


def _launch(value: Any) -> dict[str, Any]:
    _object(value, "launch")
    _known(value, set(_LAUNCH), "launch")
    for name, part in value.items():
        if not isinstance(part, _LAUNCH[name]) or isinstance(part, bool):
            raise bad(f"launch.{name}", "is of another type")
    if abs(value.get("rollout_after", 0)) > TEN_YEARS_IN_DAYS:
        raise bad("launch.rollout_after", "is more than ten years")
    try:
        if value.get("launch_time"):
            time.fromisoformat(value["launch_time"])
        for day in value.get("holidays", []):
            date.fromisoformat(day)
        if value.get("zone"):
            validate_zone(value["zone"])
    except (TypeError, ValueError, ValidationError):
        raise bad("launch", "holds a time, holiday or zone that cannot be read") from None
    return dict(value)


def _entry(entry: Entry, where: str) -> Entry:
    """The entry with its time read."""
    if entry.when is None:
        return entry
    [when] = _parts({"when": [entry.when]}, "when", Offset, 1)
    values = {each.name: getattr(entry, each.name) for each in fields(entry)}
    return Entry(**{**values, "when": when})


def _check_roles(document: Document) -> None:
    keys = [role.key for role in document.roles]
    if len(set(keys)) < len(keys):
        raise bad("roles", "holds a role twice")
    for index, role in enumerate(document.roles):
        if not role.key or not role.label or role.role not in Member.Role.values:
            raise bad(f"roles[{index}]", "is no role")


def _check_role(document: Document, key: str, where: str) -> None:
    if key and document.role(key) is None:
        raise bad(where, f"names a role “{str(key)[:60]}” that is not there")


def _check_entry(document: Document, entry: Entry, where: str) -> None:
    if entry.kind not in {kind.key for kind in kinds.all_kinds()} - PAST_KINDS:
        raise bad(where, f"is of an unknown kind “{entry.kind[:60]}”")
    kind = kinds.get(entry.kind)
    columns = (set(kind.fields) | set(SHARED_FIELDS)) - LEFT_OUT
    _known(entry.fields, columns, f"{where}.fields")
    _known(entry.facets, set(kinds.facets(kind)) - {"when"}, f"{where}.facets")
    if not entry.title:
        raise bad(f"{where}.fields.title", "is empty")
    _check_role(document, entry.owner, f"{where}.owner")
    for name, value in entry.fields.items():
        model = kind.model._meta.get_field(name)
        if not model.is_relation or value is None:
            continue
        target = "team" if name == "team" else "record"
        if not isinstance(value, Mapping) or set(value) != {target}:
            raise bad(f"{where}.fields.{name}", "names nothing that a template holds")
        if name == "team":
            _text(value["team"], f"{where}.fields.team")
        else:
            related: Any = model.related_model
            _check_record(document, value["record"], f"{where}.fields.{name}", related.kind)
    if entry.kind != "calendar_entry" and (entry.checklist or entry.links or entry.reviewers or entry.parts):
        raise bad(where, "has a checklist, links or reviewers, which only calendar items have")
    for key in entry.reviewers:
        _check_role(document, key, f"{where}.reviewers")
    if any(not isinstance(text, str) for text in (*entry.checklist, *entry.parts)):
        raise bad(f"{where}.checklist", "holds what is no text")
    for link in entry.links:
        if (
            not isinstance(link, Mapping)
            or set(link) - {"title", "url"}
            or not isinstance(link.get("url"), str)
        ):
            raise bad(f"{where}.links", "holds what is no link")
    if entry.when is not None:
        if "when" not in kinds.facets(kind):
            raise bad(f"{where}.when", "is said of a kind that has no time")
        _check_when(document, entry.when, f"{where}.when")


def _check_record(document: Document, index: Any, where: str, kind: str = "") -> None:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(document.records):
        raise bad(where, "names a record that is not there")
    if kind and document.records[index].kind != kind:
        raise bad(where, f"names a {document.records[index].kind} where a {kind} belongs")


def _check_when(document: Document, when: Offset, where: str) -> None:
    if when.anchor not in _ANCHORS:
        raise bad(f"{where}.anchor", f"is “{when.anchor[:40]}”")
    if (when.anchor == "record") != (when.on is not None):
        raise bad(f"{where}.on", "and its anchor do not fit")
    if when.on is not None:
        _check_record(document, when.on, f"{where}.on")
        if document.records[when.on].when is None:
            raise bad(f"{where}.on", "names a record that says no time")
    if when.landing not in Placement.Landing.values:
        raise bad(f"{where}.landing", f"is “{when.landing[:40]}”")
    if when.anchor != "none" and (when.offset is None or when.unit not in Placement.Unit.values):
        raise bad(where, "has no offset or no unit")
    try:
        columns_of(
            When(
                text=when.wording,
                anchor="launch_day",
                unit=when.unit or None,  # type: ignore[arg-type]
                offset=when.offset,
                end_offset=when.end_offset,
                time=time.fromisoformat(when.time) if when.time else None,
                zone=when.zone or None,
            )
        )
    except (Invalid, ValueError) as error:
        raise bad(where, f"cannot be read: {str(error)[:200]}") from error


def _check_others(document: Document) -> None:
    known = {"", *(check.name for check in gates.checks())}
    for index, gate in enumerate(document.gates):
        _check_record(document, gate.phase, f"gates[{index}].phase", "phase")
        _check_role(document, gate.owner, f"gates[{index}].owner")
        if not gate.title or gate.check not in known:
            raise bad(f"gates[{index}]", "has no title, or a check that this portal does not know")
    for index, rule in enumerate(document.approvals):
        _check_record(document, rule.channel, f"approvals[{index}].channel", "channel")
        for step in rule.steps:
            if not isinstance(step, Mapping) or len({"role", "team"} & set(step)) != 1:
                raise bad(f"approvals[{index}]", "has a step that names neither one role nor one team")
            _check_role(document, step.get("role", ""), f"approvals[{index}]")
            _text(step.get("team", ""), f"approvals[{index}]")
            needed = step.get("needed", 1)
            if not isinstance(needed, int) or not 1 <= needed <= 20:
                raise bad(f"approvals[{index}]", "wants an impossible number of people")
    seen = set()
    for index, wait in enumerate(document.waits):
        for end in (wait.before, wait.after):
            _check_record(document, end, f"waits[{index}]")
            if document.records[end].when is None:
                raise bad(f"waits[{index}]", "names a record that says no time")
        pair = (wait.before, wait.after)
        modes = Dependency.OnMove.values
        if pair in seen or abs(wait.lag) > MOST_LAG or wait.on_move not in modes:
            raise bad(f"waits[{index}]", "is there twice, waits too long or does not say what a move does")
        seen.add(pair)


def order_of(document: Document) -> list[int]:
    """The records' indexes so that each comes after what it hangs on or waits for. Refuses circles."""
    leaders: dict[int, list[int]] = {
        index: [entry.when.on]
        for index, entry in enumerate(document.records)
        if entry.when is not None and entry.when.on is not None
    }
    for wait in document.waits:
        leaders.setdefault(wait.after, []).append(wait.before)
    left = {index: len(before) for index, before in leaders.items()}
    followers: dict[int, list[int]] = {}
    for index, before in leaders.items():
        for leader in before:
            followers.setdefault(leader, []).append(index)
    order = [index for index in range(len(document.records)) if index not in left]
    for index in order:  # grows while it is walked
        for follower in followers.get(index, ()):
            left[follower] -= 1
            if not left[follower]:
                order.append(follower)
    if len(order) < len(document.records):
        stuck = next(index for index in range(len(document.records)) if left.get(index))
        raise bad(f"records[{stuck}]", "hangs on itself in a circle")
    return order
