"""What entries are by their shape, where the heading above leaves it open or is overruled by them."""

from __future__ import annotations

from apps.plans.reading.blocks import Block
from apps.plans.reading.drafts import Context
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.works import ANCHOR
from apps.plans.reading.outline import Section
from apps.plans.reading.pieces import Piece
from apps.plans.reading.recognise import phase_mark
from apps.plans.reading.wording import Wording, fold


def is_timed(context: Context, section: Section) -> bool:
    """A heading nobody knows that is a time, above a list or table: what is to be done then."""
    if section.title is None or not any(block.kind in ("item", "row") for block in section.blocks):
        return False
    title = section.title
    if context.when(title.clean, ANCHOR) is not None:
        return True
    if context.wording.has("calendar_groups", title.clean):
        return True
    hits = context.whens(title.raw, ANCHOR)
    if not hits:
        return False
    start, end, _ = hits[-1]
    head, tail = title.raw[:start].strip(" (["), title.raw[end:].strip(" )]")
    return not head or not tail or not head.rstrip(":-–—, ") or not tail.lstrip(":-–—, ")


def overrules(wording: Wording, kind: str, told: str, rows: list[Entry]) -> bool:
    """Whether a table's headers overrule what the section's heading says."""
    if kind in ("unknown", "document", "marketing", "overview"):
        return True
    if kind == "phases":
        marked = sum(
            bool(row.cells) and phase_mark(wording, row.cells[0][1].clean) is not None for row in rows
        )
        shares = any("rollout" in wording.fields(head.clean) for head, _ in rows[0].cells)
        return told in ("kpis", "mitigations", "history", "rollback_criteria") or (
            told == "calendar" and not marked and not shares
        )
    if kind in ("calendar", "checklist"):
        if told == "phases":
            return True
        return told in ("kpis", "mitigations")
    if kind == "rollback":
        return told in ("mitigations", "kpis")
    if kind in ("channels", "key_messages"):
        return told == "calendar" and any("when" in wording.fields(head.clean) for head, _ in rows[0].cells)
    if kind == "support":
        return told in ("mitigations", "kpis")
    return False


def holds_facts(context: Context, entry: Entry) -> bool:
    """An outline's first item that names the plan has its facts as items of its own."""
    if entry.label is None or context.wording.overview_key(entry.label.clean) is not None:
        return False
    labels = [child.label for child in entry.children if child.label is not None and child.value]
    known = sum(context.wording.overview_key(label.clean) is not None for label in labels)
    return known >= 2 and known * 2 >= len(entry.children)


def by_table(found: list[Entry]) -> tuple[list[Entry], list[list[Entry]]]:
    """Entries that are no rows, and the rows of each table."""
    plain: list[Entry] = []
    tables: dict[int, list[Entry]] = {}
    for entry in found:
        if entry.shape == "row":
            tables.setdefault(entry.block.table, []).append(entry)
        else:
            plain.append(entry)
    return plain, list(tables.values())


def without_mail_head(context: Context, found: list[Entry]) -> list[Entry]:
    """Without who wrote to whom and when: the date of a mail is not the launch's."""
    blocks: dict[int, set[str]] = {}
    for entry in found:
        if entry.shape == "line" and entry.label is not None:
            blocks.setdefault(id(entry.block), set()).add(fold(entry.label.clean))
    words = context.wording.words
    senders = words.get("mail_from", frozenset())
    others = words.get("mail_to", frozenset()) | words.get("mail_subject", frozenset())
    heads = {block for block, labels in blocks.items() if labels & senders and labels & others}
    return [entry for entry in found if id(entry.block) not in heads]


def segment_group(kind: str) -> str:
    return {"segments_primary": "primary", "segments_secondary": "secondary"}.get(kind, "")


def header_fact(context: Context, rows: list[Entry]) -> Entry | None:
    """The header of a table of facts is often its first fact."""
    heads = [head for head, _ in rows[0].cells]
    if len(heads) < 2 or not heads[0].raw or context.wording.overview_key(heads[0].clean) is None:
        return None
    if context.wording.has("value_headers", heads[1].clean) or not heads[1].raw:
        return None
    block: Block = heads[0].block
    cells = [(Piece(block, head.start, head.start), head) for head in heads]
    return Entry("row", block, heads[0], None, heads[0], block.first, block.last, cells=cells)


def kind_by_shape(context: Context, found: list[Entry]) -> str | None:
    """What bullets directly below "Marketing" are: dated work, tasks, or channels."""
    items = [entry for entry in found if entry.shape in ("item", "line", "fact")]
    if not items:
        return None
    timed = sum(
        entry.label is not None and context.when(entry.label.clean, "launch_day") is not None
        for entry in items
    )
    if timed * 2 >= len(items) or any(entry.block.checked is not None for entry in items):
        return "calendar"
    channels = sum(bool(context.wording.type_of("channels", entry.name.clean)) for entry in items)
    return "channels" if channels * 2 >= len(items) else None


def is_rollout(context: Context, found: list[Entry]) -> bool:
    """A timeline whose entries give percents of an audience is a rollout."""
    items = [entry for entry in found if entry.shape in ("item", "line", "fact")]
    shares = 0
    for entry in items:
        text = entry.value.clean
        if (
            "%" in text
            and context.wording.holds("audience_words", text)
            and not context.wording.holds("target_words", text)
        ):
            shares += 1
    return shares >= 2 and shares * 2 >= len(items)
