"""Tables turned on their side: a column per phase, a row per thing said about them."""

from __future__ import annotations

from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.ladders import rollout_steps
from apps.plans.reading.extract.phases import heading, labelled
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece
from apps.plans.reading.schemas import field_for


def phases(context: Context, rows: list[Entry]) -> list[Record]:
    """A phase for every column behind the first."""
    records: list[Record] = []
    width = len(rows[0].cells)
    for column in range(1, width):
        head = rows[0].cells[column][0]
        if not head.raw.strip():
            continue
        draft = Draft(context, "phase", rows[0])
        draft.record.claims = [(row.first, row.last) for row in rows]
        draft.record.shape = "column"
        steps: list[Piece] = []
        heading(draft, head, steps)
        for row in rows:
            if column >= len(row.cells):
                continue
            label, cell = row.cells[0][1], row.cells[column][1]
            if not cell.value or cell.value in ("-", "–", "—"):
                continue
            name = field_for(context.wording, "phase", label.clean)
            if name is None or name in ("title", "number", "text"):
                draft.put_text(cell, label)
            else:
                labelled(draft, name, cell, label, steps)
        if not draft.record.title:
            continue
        record = draft.finish()
        records.append(record)
        for piece in steps:
            rollout_steps(context, draft.entry, piece, record)
    return records
