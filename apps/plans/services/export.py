"""Writing a launch as its document: the source with what changed since, or a new one where there was none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from apps.launches.models import Launch
from apps.plans.mapping import overview
from apps.plans.mapping.outward import reader_kind
from apps.plans.models import PlanDocument, PlanLink
from apps.plans.reading.drafts import DEFAULTS
from apps.plans.services.marks import marks_of
from apps.plans.services.snapshots import as_live, records_of
from apps.plans.writing import Laid, Layout, Live, new_document, write_plan
from apps.plans.writing.live import same
from apps.plans.writing.marks import annotate

# The overview of a launch that never had a document: key and label.
_OVERVIEW = (
    ("name", "Feature"),
    ("launch_type", "Launch type"),
    ("launch_date", "Launch date"),
    ("rollout_start", "Rollout start"),
    ("target_audience", "Target audience"),
    ("owner", "Owner"),
)


def export_plan(launch: Launch, *, live: bool = False) -> str:
    """The launch as a Markdown document. Changes nothing; the number of queries does not grow with the plan.

    With `live` it also says how things stand (done marks, dates beside relative weeks, actual beside target)
    and is for people: such a document need not read back.
    """
    records = records_of(launch)
    facts = as_live(records)
    document = PlanDocument.objects.filter(launch=launch).first()
    if document is None:
        told = overview_of(launch, facts)
        text, layout = new_document(launch.name, told)
        return annotate(text, layout, told, marks_of(launch, records)) if live else text
    layout = Layout.from_json(document.layout)
    told = told_by(launch, document, layout, facts)
    if not live:
        return write_plan(layout, told)
    keys = {uid: key for key, uid in uids_by_key(document).items()}
    marks = {keys.get(uid, uid): remarks for uid, remarks in marks_of(launch, records).items()}
    return write_plan(layout, told, live=marks)


def uids_by_key(document: PlanDocument) -> dict[str, str]:
    """The document's facts by key, each with the uid of the record it is (without those on the launch)."""
    return {
        link.key: f"{link.kind}:{link.object_id}" for link in document.links.all() if link.kind != "launch"
    }


def told_by(launch: Launch, document: PlanDocument, layout: Layout, facts: Iterable[Live]) -> list[Live]:
    """A launch's facts as the writer takes them: keyed as in the layout, with only what changed."""
    links = list(document.links.all())
    laid = {one.key: (index, one) for index, one in enumerate(layout.records)}
    by_uid = {f"{link.kind}:{link.object_id}": link for link in links if link.kind != "launch"}
    told = [
        _on_launch(launch, link, *laid[link.key])
        for link in links
        if link.kind == "launch" and link.key in laid
    ]
    by_kind: dict[str, list[Live]] = defaultdict(list)
    for fact in facts:
        by_kind[fact.kind].append(fact)
    keys = {uid: link.key for uid, link in by_uid.items() if link.key in laid}
    for group in by_kind.values():
        places = _places([laid[keys[fact.key]][0] if fact.key in keys else None for fact in group], len(laid))
        for fact, place in zip(group, places, strict=True):
            link = by_uid.get(fact.key)
            if link is None or link.key not in laid:
                told.append(_as_new(fact, position=place, parent=keys.get(fact.parent or "", fact.parent)))
            else:
                told.append(_linked(fact, link, laid[link.key][1], place, keys))
    return told


def _on_launch(launch: Launch, link: PlanLink, index: int, laid: Laid) -> Live:
    value = overview.launch_value(launch, link.title)
    said = str(link.fields.get("value") or "")
    changed = not same("value", value, said)
    return Live(
        "overview",
        link.key,
        laid.title,
        dict(laid.fields) | ({"value": value} if changed else {}),
        laid.group,
        index,
    )


def _linked(fact: Live, link: PlanLink, laid: Laid, place: float, keys: Mapping[str, str]) -> Live:
    """A fact the document tells: what is as it was stored stays as it is written."""
    kind = laid.kind
    known = DEFAULTS[kind]
    current = overview_fields(fact) if kind == "overview" else fact.fields
    stored = overview_fields_of(link) if kind == "overview" else link.fields
    fields = dict(laid.fields) | {
        name: value
        for name, value in current.items()
        if name in known
        and name != "group"
        and (name in link.answered or not same(name, stored.get(name), value))
    }
    if not all(same(name, laid.fields.get(name), fields.get(name)) for name in ("starts", "ends")):
        # A phase's time is one stretch in most plans: both halves carry its new wording.
        fields |= {name: current[name] for name in ("starts", "ends") if name in current}
    group = fact.group if not same("group", link.fields.get("group"), fact.group) else laid.group
    title = fact.title if not same("title", link.title, fact.title) else laid.title
    if "title" in link.answered:
        title = fact.title
    if "group" in known:
        fields["group"] = group
    parent = keys.get(fact.parent or "", fact.parent)
    return Live(kind, link.key, title, fields, group, place, parent)


def _as_new(fact: Live, *, position: float | None = None, parent: str | None = None) -> Live:
    """A fact that no document tells yet, with the reader's fields only."""
    kind = reader_kind(fact.kind)
    current = overview_fields(fact) if kind == "overview" else fact.fields
    fields = {name: current[name] for name in DEFAULTS[kind] if name in current}
    return Live(
        kind,
        fact.key,
        fact.title,
        fields,
        fact.group,
        fact.position if position is None else position,
        parent if parent is not None else fact.parent,
    )


def overview_fields(fact: Live) -> dict[str, Any]:
    return {"key": None, "value": fact.fields.get("text", "")}


def overview_fields_of(link: PlanLink) -> dict[str, Any]:
    return {"key": None, "value": link.fields.get("text", "")}


def _places(indexes: list[int | None], size: int) -> list[float]:
    """Positions of records of one kind, in their order: those of the document keep its places among
    themselves, new ones come right behind the one before them."""
    known = sorted(index for index in indexes if index is not None)
    places: list[float] = []
    last, extra, taken = -1.0, 0, iter(known)
    for index in indexes:
        if index is not None:
            last, extra = float(next(taken)), 0
            places.append(last)
        else:
            extra += 1
            # Behind everything of the document only if nothing of its kind stands before it.
            places.append(last + extra / (len(indexes) + 1) if last >= 0 else extra / (len(indexes) + 1) - 1)
    return places


def overview_of(launch: Launch, facts: Iterable[Live]) -> list[Live]:
    """A launch that never had a document as facts for one: what it says of itself, then its records."""
    told = [
        Live("overview", f"launch:{key}", label, {"key": key, "value": value}, "", index - len(_OVERVIEW))
        for index, (key, label) in enumerate(_OVERVIEW)
        if (value := overview.launch_value(launch, key))
    ]
    return [*told, *(_as_new(fact) for fact in facts)]
