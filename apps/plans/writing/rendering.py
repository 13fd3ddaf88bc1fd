"""A record written from nothing: as bullets, as a heading with bullets, as a table row, or as a history line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.plans.reading.blocks import Block
from apps.plans.reading.drafts import DEFAULTS
from apps.plans.reading.entries import Entry
from apps.plans.reading.pieces import Piece
from apps.plans.reading.schemas import column_fields
from apps.plans.reading.wording import wording
from apps.plans.writing import escaping
from apps.plans.writing.expressing import expressed, percent, span_text
from apps.plans.writing.live import Live, tidy
from apps.plans.writing.shapes import ItemStyle
from apps.plans.writing.words import field_label

# What a bullet's own line tells, so that no nested bullet has to.
_INLINE = {
    "overview": {"key", "value"},
    "calendar_entry": {"when", "done", "parts"},
    "segment": {"role", "group"},
    "key_message": {"label"},
}
# Fields the reader works out by itself; they are told only when it would work out something else.
DERIVED = {
    "key_message": {"rank"},
    "channel": {"channel_kind"},
    "kpi": {"targets", "group"},
    "training": {"team"},
    "recognition": {"team"},
    "education": {"resource_type"},
    "enablement": {"resource_type", "cadence"},
    "support": {"team", "coverage", "period"},
    "monitoring": {"monitoring_type"},
    "routine": {"cadence"},
    "rollback_criterion": {"targets", "criterion_kind"},
    "rollback_step": {"deadline_minutes"},
    "review": {"when"},
    "story": {"story_kind"},
}
# What stands where a document says that there is nothing.
NOTHING = "–"
HEADED = frozenset({"phase", "review"})


def bullets(
    language: str,
    live: Live,
    style: ItemStyle,
    *,
    number: int | None = None,
    nested: ItemStyle | None = None,
    explicit: frozenset[str] = frozenset(),
    safe: bool = False,
    exact: bool = False,
    rollout: str = "",
) -> list[str]:
    """The lines of a record as a list item. `explicit` names derived fields to tell all the same.

    `exact` escapes every mark of its name and tells its description under a label.
    """
    kind, fields = live.kind, live.fields
    title = tidy(live.title).replace("\n", " ")
    texts = [line for line in tidy(fields.get("text")).split("\n") if line]
    opening = style.opening(number, bool(fields.get("done")))
    if safe and not style.bold:
        style = _bold(style)
    done_said = style.box
    inline = ""
    if kind == "calendar_entry" and fields.get("when"):
        when = expressed(language, kind, "when", fields["when"])
        head = style if style.bold else _bold(style)
        first = head.labelled(escaping.label(when), escaping.unlabelled(escaping.inline(title)))
    elif kind == "key_message" and tidy(fields.get("label")):
        write = escaping.literal if exact else escaping.inline
        first = _bold(style).labelled(escaping.label(tidy(fields["label"])), f'"{write(title)}"')
    elif exact and kind not in ("overview", "segment"):
        first = escaping.literal(title)
    elif kind == "overview":
        values = [line for line in tidy(fields.get("value")).split("\n") if line]
        name = escaping.literal(title) if exact else _name(style, title)
        write = escaping.literal if exact else escaping.inline
        first = (_bold(style) if exact else style).labelled(name, write(values[0]) if values else NOTHING)
        texts = values[1:]
    elif kind == "segment" and tidy(fields.get("role")):
        name = escaping.literal(title) if exact else escaping.label(title)
        first = f"**{name}** ({escaping.inline(str(fields['role']))})"
    elif exact:
        first = escaping.literal(title)
    elif kind in ("calendar_entry", "key_message"):
        first = (
            escaping.plain(title)
            if not safe and not escaping.needs_bold(title)
            else f"**{escaping.label(title)}:**"
        )
    elif texts and not safe:
        inline = escaping.inline(texts.pop(0))
        first = style.labelled(_name(style, title), inline)
    elif safe or escaping.needs_bold(title):
        inline = escaping.inline(texts.pop(0)) if texts else ""
        first = _bold(style).labelled(escaping.label(title), inline)
    else:
        first = escaping.plain(title)
    lines = [opening + first]
    below = nested or ItemStyle(style.indent + " " * (style.content - len(style.indent)), "-", " ", False, "")
    pad = f"{below.indent}{below.marker}{below.space}"
    told = _told(language, live, explicit, done_said)
    if rollout:
        told.append(("rollout", field_label(language, "phase", "rollout") or "Rollout", rollout))
    for _, label, value in told:
        if value:
            lines.append(pad + below.labelled(escaping.inline(label), escaping.inline(value)))
    for topic in fields.get("topics") or []:
        name, text = tidy(topic.get("title")).replace("\n", " "), tidy(topic.get("text")).split("\n")
        lines.append(
            pad + _bold(below).labelled(escaping.label(name), escaping.inline(text[0]) if text else "")
        )
    lines += [pad + _text(language, kind, text, exact) for text in texts]
    return [line for line in lines if line]


def heading(
    language: str,
    live: Live,
    level: int,
    *,
    explicit: frozenset[str] = frozenset(),
    bold: bool = True,
    exact: bool = False,
    rollout: str = "",
) -> list[str]:
    """A phase or review as a heading with its facts as bullets below; `exact` as in `bullets`."""
    write = escaping.literal if exact else escaping.inline
    title = write(tidy(live.title).replace("\n", " "))
    told = _told(language, live, explicit, True)
    if live.kind == "phase":
        first, last = span_text(language, "phase", live.fields.get("starts"), live.fields.get("ends"))
        if first and not last:
            title = f"{title} ({escaping.inline(first)})"
            told = [one for one in told if one[0] not in ("starts", "ends")]
    lines = [f"{'#' * level} {title}", ""]
    style = ItemStyle(bold="**" if bold else "")
    if rollout:
        told.append(("rollout", field_label(language, "phase", "rollout") or "Rollout", rollout))
    for _, label, value in told:
        if value:
            lines.append("- " + style.labelled(escaping.inline(label), escaping.inline(value)))
    for topic in live.fields.get("topics") or []:
        name, text = tidy(topic.get("title")).replace("\n", " "), tidy(topic.get("text")).split("\n")
        lines.append(
            "- " + _bold(style).labelled(escaping.label(name), escaping.inline(text[0]) if text else "")
        )
        lines += ["  - " + escaping.plain(more) for more in text[1:]]
    texts = [said for said in tidy(live.fields.get("text")).split("\n") if said]
    return lines + ["- " + _text(language, live.kind, said, exact) for said in texts]


def _text(language: str, kind: str, line: str, exact: bool) -> str:
    """A line of a description; told under a label it is nothing else, whatever it looks like."""
    label = field_label(language, kind, "text") if exact else None
    if label is not None:
        return ItemStyle().labelled(escaping.inline(label), escaping.inline(line))
    return escaping.literal(line) if exact else escaping.plain(line)


def history_line(live: Live, style: ItemStyle | None) -> list[str]:
    """`- 2024-01-15: v1.0 - title - author - summary`, with a dash for what is not told: places decide."""
    fields = live.fields
    opening = style.opening() if style else "- "
    told = [
        tidy(part).replace("\n", " ") for part in (live.title, fields.get("author"), fields.get("summary"))
    ]
    if not told[1] and not told[2]:
        del told[1:]
    parts = [_part(fields.get("version")), *map(_part, told)]
    return [f"{opening}{_part(fields.get('date'))}: {' - '.join(parts)}"]


def _part(value: Any) -> str:
    return escaping.part(tidy(value)) or NOTHING


def history_bullets(language: str, live: Live, style: ItemStyle | None) -> list[str]:
    """An entry whose parts do not stand on one line: a bullet for each, below the date."""
    style = style or ItemStyle()
    told = [(name, live.fields.get(name)) for name in ("date", "version", "author", "summary")]
    told.insert(2, ("title", live.title))
    lines = [f"{style.opening()}{NOTHING}"]
    pad = " " * style.content + "- "
    for name, value in told:
        label = field_label(language, "history", name)
        for line in tidy(value).split("\n"):
            if label is not None and line:
                lines.append(pad + ItemStyle().labelled(escaping.inline(label), escaping.inline(line)))
    return lines


def row(
    language: str, live: Live, headers: Sequence[str], rollout: str, explicit: frozenset[str]
) -> tuple[list[str], dict[str, str]]:
    """The cells of a record in a table with these headers, and the texts of fields that have no column."""
    names = columns_of(language, live.kind, headers)
    left = (
        set(_present(live))
        - {"parts", "key", "scope", "text", "group"}
        - (DERIVED.get(live.kind, set()) - explicit)
    )
    texts = [line for line in tidy(live.fields.get("text")).split("\n") if line]
    prefixed = [line for line in texts if any(head and line.startswith(f"{head}: ") for head in headers)]
    texts = [line for line in texts if line not in prefixed]
    cells: list[str] = []
    titled = False
    for head, name in zip(headers, names, strict=True):
        own = next((line for line in prefixed if line.startswith(f"{head}: ")), None)
        if name == "title" and not titled:
            value, titled = tidy(live.title), True
        elif name == "text" and not any(done == "text" for done in names[: len(cells)]):
            value, texts = "\n".join(texts), []
        elif name in ("target", "stretch", "alert", "rollback"):
            aims = [t for t in live.fields.get("targets") or [] if (t.get("kind") or "target") == name]
            value = expressed(language, live.kind, "targets", aims)
            left.discard("targets")
        elif name == "deadline":
            value = expressed(language, live.kind, "deadline_minutes", live.fields.get("deadline_minutes"))
            left.discard("deadline_minutes")
        elif name == "group":
            value = live.group
        elif name == "done":
            value = "Done" if live.fields.get("done") else ""
            left.discard("done")
        elif name == "rollout":
            value, rollout = rollout, ""
        elif name in ("starts", "when") and live.kind == "phase":
            value = span_text(language, "phase", live.fields.get("starts"), live.fields.get("ends"))[0]
            left -= {"starts", "ends"}
        elif name is not None and name in live.fields and name != "text":
            value = expressed(language, live.kind, name, live.fields[name])
            left.discard(name)
        else:
            value = own[len(head) + 2 :] if own else ""
        cells.append(escaping.cell(value))
    told = {
        name: "Done" if name == "done" else expressed(language, live.kind, name, live.fields[name])
        for name in left
    }
    if rollout:
        told["rollout"] = rollout
    if texts:
        told["text"] = "\n".join(texts)
    return cells, told


def columns_of(language: str, kind: str, headers: Sequence[str]) -> list[str | None]:
    """The kind's field of every column, as the reader takes them."""
    text = "|" + "|".join(headers) + "|"
    block = Block(0, "header", 1, 1, text)
    cells: list[tuple[Piece, Piece]] = []
    start = 1
    for head in headers:
        cells.append((Piece(block, start, start + len(head)), Piece(block, 0, 0)))
        start += len(head) + 1
    entry = Entry("row", block, Piece(block, 0, 0), None, Piece(block, 0, 0), 1, 1, cells=cells)
    return column_fields(wording(language), kind, entry)


def ladder(percents: Sequence[Any]) -> str:
    return " → ".join(f"{percent(value)}%" for value in percents)


def _present(live: Live) -> list[str]:
    defaults = DEFAULTS.get(live.kind, {})
    return [
        name for name, value in live.fields.items() if name in defaults and value not in (None, "", [], False)
    ]


def _told(language: str, live: Live, explicit: frozenset[str], done_said: bool) -> list[tuple[str, str, str]]:
    """Every field that needs a label: (name, label, value)."""
    told: list[tuple[str, str, str]] = []
    skipped = _INLINE.get(live.kind, set()) | {
        "text",
        "topics",
        "parts",
        "scope",
        "group",
        "key",
        "labels",
        "placeholders",
    }
    if done_said:
        skipped = skipped | {"done"}
    elif live.kind == "calendar_entry":
        skipped = skipped - {"done"}
    present = [*_present(live), *(name for name in explicit if live.fields.get(name) in (None, "", []))]
    for name in present:
        if name in skipped or (name in DERIVED.get(live.kind, set()) and name not in explicit):
            continue
        asked = {
            "deadline_minutes": "deadline_minutes",
            "targets": "target" if live.kind == "kpi" else "targets",
        }.get(name, name)
        if name == "targets" and live.kind == "kpi" and live.fields.get(name):
            told += _kpi_targets(language, live)
            continue
        label = field_label(language, live.kind, asked)
        value = "Done" if name == "done" else expressed(language, live.kind, name, live.fields[name])
        if label is not None:
            value = value or NOTHING
            told += [(name, label, line) for line in value.split("\n") if line]
    return told


def _kpi_targets(language: str, live: Live) -> list[tuple[str, str, str]]:
    told: list[tuple[str, str, str]] = []
    for target in live.fields.get("targets") or []:
        kind = target.get("kind") or "target"
        label = field_label(language, "kpi", kind if kind != "baseline" else "target")
        if label is not None:
            told.append(("targets", label, expressed(language, "kpi", "targets", [target])))
    return told


def _name(style: ItemStyle, title: str) -> str:
    if style.bold:
        return escaping.label(title)
    return escaping.unlabelled(escaping.plain(title))


def _bold(style: ItemStyle) -> ItemStyle:
    if style.bold:
        return style
    return ItemStyle(style.indent, style.marker, style.space, style.box, "**", True, ": ")
