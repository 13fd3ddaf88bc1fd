"""Sends every recognised section to the extraction of its kind."""

from __future__ import annotations

from apps.plans.reading.drafts import Context
from apps.plans.reading.entries import Entry, entries, fence_facts
from apps.plans.reading.extract import (
    calendar,
    calendar_tables,
    facts,
    history,
    inline,
    ladders,
    messages,
    metrics,
    phases,
    reviews,
    rollback,
    segments,
    simple,
)
from apps.plans.reading.extract.deciding import (
    by_table,
    header_fact,
    holds_facts,
    is_rollout,
    is_timed,
    kind_by_shape,
    overrules,
    segment_group,
    without_mail_head,
)
from apps.plans.reading.extract.works import ANCHOR
from apps.plans.reading.outline import Section
from apps.plans.reading.pieces import Piece
from apps.plans.reading.recognise import Role, phase_mark
from apps.plans.reading.schemas import field_for, table_kind
from apps.schedule.when import When

SIMPLE = {
    "channels": "channel",
    "trainings": "training",
    "education": "education",
    "enablement": "enablement",
    "support": "support",
    "monitoring": "monitoring",
    "routines": "routine",
    "recognitions": "recognition",
    "stories": "story",
    "improvements": "improvement",
}
# Section kind -> record kind, for headings that carry one record each.
HEADED = {
    **SIMPLE,
    "kpis": "kpi",
    "mitigations": "mitigation",
    "rollback_steps": "rollback_step",
    "rollback_criteria": "rollback_criterion",
    "key_messages": "key_message",
}
SEGMENTS = ("segments", "segments_primary", "segments_secondary")
# Where a fence of `key: value` lines is data and not an example.
EXPECTS_FACTS = frozenset(
    {
        "overview",
        "document",
        "kpis",
        "phases",
        "phase",
        "rollback",
        "rollback_criteria",
        "calendar",
        "inside",
        "segment",
    }
)
# A quotation inside a quotation is an older mail: what it says was said before the plan.
_OLDER = 2
# Kinds whose tables may turn out to be something else by their headers.
_LENIENT = frozenset(
    {
        "unknown",
        "document",
        "marketing",
        "overview",
        "phases",
        "calendar",
        "checklist",
        "rollback",
        "support",
        "channels",
        "key_messages",
        "phase",
        "inside",
        "trainings",
        "kpis",
        "segments",
    }
)


class Dispatch:
    """Walks the sections once, in order."""

    def __init__(self, context: Context, roles: dict[int, Role]) -> None:
        self.context = context
        self.roles = roles
        wording = context.wording
        self._known = lambda label: bool(wording.fields(label)) or wording.overview_key(label) is not None

    def run(self, root: Section) -> None:
        waiting = [root]
        while waiting:
            section = waiting.pop()
            role = self.roles[section.index]
            consumed = self._section(section, role)
            if not consumed:
                waiting.extend(reversed(section.sections))

    def entries(self, section: Section) -> list[Entry]:
        blocks = [block for block in section.blocks if block.quote < _OLDER]
        found = entries(blocks, self.context.source, self._known)
        if any(entry.shape == "fence" for entry in found) and self.roles[section.index].kind in EXPECTS_FACTS:
            found = [fact for entry in found for fact in self._unfenced(entry)]
        return found

    def _unfenced(self, entry: Entry) -> list[Entry]:
        """A fence of facts as its facts; the fence's own lines go with the first and the last."""
        facts = fence_facts(entry, self.context.source) if entry.shape == "fence" else []
        return facts or [entry]

    def heading_entry(self, section: Section) -> Entry:
        """A section as one entry: its heading with its own entries and its subsections nested in it."""
        assert section.heading is not None and section.title is not None
        children = self.entries(section) + [self.heading_entry(child) for child in section.sections]
        piece = section.title
        heading = section.heading
        return Entry(
            "heading", heading, piece, None, piece, heading.first, heading.last, children, section=section
        )

    def _section(self, section: Section, role: Role) -> bool:
        """Extract one section; returns whether its subsections were taken along."""
        context = self.context
        context.section = section.index
        context.heading = section.text
        context.group = role.group if role.kind != "unknown" else ""
        if role.kind == "topic":
            return False
        if role.kind == "phase":
            return self._phase(section)
        if role.kind == "review" and section.heading is not None:
            # In a part whose headings are the reviews, one with nothing below it is a review all the same.
            context.group = ""
            reviews.review(context, self.heading_entry(section))
            return True
        if role.kind == "segment" and section.heading is not None:
            entry = self.heading_entry(section)
            if entry.children:
                segments.segment(context, entry, role.group)
            return True
        if self._headed(section, role) or self._one_segment(section, role):
            return True
        if self._named_fact(section):
            return False
        if role.kind == "unknown" and is_timed(context, section):
            role = self.roles[section.index] = Role("calendar", section.text)
            context.group = section.text
        found = self.entries(section)
        plain, tables = by_table(found)
        kind = role.kind
        for rows in tables:
            self._rows(section, kind, rows)
        if plain:
            self._plain(section, role, kind, plain)
        return False

    # Headings that are records.

    def _named_fact(self, section: Section) -> bool:
        """`## Launch date` above a single short paragraph is a fact of the overview."""
        if section.sections or len(section.blocks) != 1 or section.blocks[0].kind != "paragraph":
            return False
        block = section.blocks[0]
        key = self.context.wording.overview_key(section.text)
        if key is None or len(block.text) > 300 or section.heading is None or section.title is None:
            return False
        found = self.entries(section)
        if len(found) != 1 or found[0].label is not None:
            return False
        facts.headed(self.context, self.heading_entry(section), found[0], key)
        return True

    def _phase(self, section: Section) -> bool:
        context = self.context
        inner = [child for child in section.sections if phase_mark(context.wording, child.text)]
        if len(inner) >= 2 and self._inner_scheme(section, inner):
            context.group = section.text
            for child in inner:
                self.roles[child.index] = Role("phase", section.text)
            return False
        entry = self.heading_entry(section)
        context.group = ""
        record = phases.phase(context, entry)
        context.schemes[id(record)] = section.parent.index if section.parent else 0
        self._tables_of_phase(entry, record.title)
        return True

    def _inner_scheme(self, section: Section, inner: list[Section]) -> bool:
        names = ", ".join(child.text for child in inner)
        outer = section.text
        answer = self.context.ask(
            "phase_scheme",
            section.heading.first if section.heading else 1,
            f"{outer}\x1f{names}",
            f"“{outer[:80]}” holds phases of its own ({names[:120]}). Which are the launch's phases?",
            proposed="outer",
            choices=("outer", "inner"),
        )
        return answer == "inner"

    def _tables_of_phase(self, entry: Entry, title: str) -> None:
        """Tables and checklists below a phase: its tasks, or metrics."""
        context = self.context
        claimed = {
            line
            for record in context.records[-40:]
            for first, last in record.claims
            for line in range(first, last + 1)
        }
        context.group = title
        waiting = [entry]
        while waiting:
            current = waiting.pop()
            rows = [child for child in current.children if child.shape == "row"]
            for table in by_table(rows)[1]:
                kind = table_kind(context.wording, table[0])
                if kind in ("calendar", "kpis", "mitigations"):
                    self._extract(kind, table, "")
                elif kind == "phases" or any(
                    "rollout" in context.wording.fields(head.clean) for head, _ in table[0].cells
                ):
                    ladders.steps_by_row(context, table)
            tasks = [
                child
                for child in current.children
                if child.shape == "item" and child.first not in claimed and child.block.checked is not None
            ]
            if tasks:
                calendar.extract(context, tasks)
            waiting.extend(child for child in current.children if child.shape == "heading")
        context.group = ""

    def _headed(self, section: Section, role: Role) -> bool:
        """`### Risk 1: slow queries` with fields or prose below it is one record."""
        kind = HEADED.get(role.kind)
        parent = section.parent
        if kind is None or section.heading is None or parent is None or section.sections or not role.group:
            return False
        if self.roles[parent.index].kind != role.kind or not section.blocks:
            return False
        entry = self.heading_entry(section)
        told = 0
        for child in entry.children:
            if child.shape in ("row", "fence", "other"):
                return False
            if child.shape == "paragraph" or (
                child.label is not None
                and field_for(self.context.wording, kind, child.label.clean)
                not in (
                    None,
                    "title",
                )
            ):
                told += 1
        if told * 2 <= len(entry.children):
            return False
        self.context.group = self.roles[parent.index].group
        self._extract(role.kind, [entry], self.roles[parent.index].group, headed=True)
        return True

    def _one_segment(self, section: Section, role: Role) -> bool:
        """`## Primary audience` above "Pain point: ..." and "Role: ..." tells one segment by its fields."""
        if role.kind not in SEGMENTS or section.heading is None or section.sections:
            return False
        found = self.entries(section)
        fields = [
            field_for(self.context.wording, "segment", entry.label.clean)
            for entry in found
            if entry.label is not None and entry.shape != "row"
        ]
        if sum(name not in (None, "title") for name in fields) * 2 <= len(found):
            return False
        return (
            segments.segment(self.context, self.heading_entry(section), segment_group(role.kind)) is not None
        )

    # Entries.

    def _rows(self, section: Section, kind: str, rows: list[Entry]) -> None:
        wording = self.context.wording
        if (
            kind in _LENIENT
            and kind not in ("inside", "phase", "kpis")
            and calendar_tables.has_times(self.context, rows[0])
        ):
            self._extract("calendar", rows, section.text)
            return
        if kind in _LENIENT or kind not in HEADED:
            told = table_kind(wording, rows[0])
            if kind in ("inside",):
                return
            if told is not None and told != kind and overrules(wording, kind, told, rows):
                self.context.group = "" if kind not in ("calendar", "checklist") else self.context.group
                self._extract(told, rows, section.text)
                return
        if kind in ("unknown", "document"):
            if len(rows[0].cells) == 2:
                header = header_fact(self.context, rows)
                facts.extract(self.context, ([header] if header else []) + rows, loose=True)
            return
        if kind == "overview":
            header = header_fact(self.context, rows)
            facts.extract(self.context, ([header] if header else []) + rows)
            return
        self._extract(kind, rows, section.text)

    def _plain(self, section: Section, role: Role, kind: str, found: list[Entry]) -> None:
        context = self.context
        if kind in ("document", "unknown"):
            self._silent(section, found, document=kind == "document")
            return
        if kind == "inside":
            return
        if kind == "marketing":
            self._extract(kind_by_shape(context, found) or "unknown", found, section.text)
            return
        if kind in SEGMENTS and len(found) == 1 and found[0].shape == "paragraph":
            if len(found[0].piece.raw) <= 300 and not section.sections:
                facts.prose(context, found[0], "target_audience", section.text)
            return
        if kind == "calendar" and is_rollout(context, found):
            kind = "phases"
        self._extract(kind, found, section.text, section=section)

    def _inline(self, entry: Entry) -> bool:
        """A labelled line that tells a whole part; facts the overview knows stay facts."""
        if entry.shape not in ("item", "line") or entry.label is None:
            return False
        if self.context.wording.overview_key(entry.label.clean) is not None:
            return False
        kind = inline.kind_of(self.context, entry)
        if kind is None:
            return False
        known = len(self.context.records)
        inline.extract(self.context, kind, entry)
        return len(self.context.records) > known

    def _silent(self, section: Section, found: list[Entry], *, document: bool) -> None:
        """Above the parts, or below a heading nobody knows: facts, and bullets that head parts themselves."""
        context = self.context
        rest: list[Entry] = []
        for entry in without_mail_head(context, found):
            if (
                entry.children
                and entry.shape in ("item", "line", "fact")
                and not (entry.label is not None and entry.value)
            ):
                matches = context.wording.match(entry.name.clean)
                if matches and matches[0].strength >= 0.9 and not matches[0].topic:
                    context.group = ""
                    kind = matches[0].kind
                    if kind == "marketing":
                        kind = kind_by_shape(context, entry.children) or kind
                    self._extract(kind, entry.children, entry.name.clean)
                    continue
            if self._inline(entry):
                continue
            rest.append(entry)
            if document and entry.shape == "item" and holds_facts(context, entry):
                rest.extend(entry.children)
        context.group = ""
        facts.extract(context, rest, loose=True)

    def _extract(
        self,
        kind: str,
        found: list[Entry],
        heading: str,
        *,
        headed: bool = False,
        section: Section | None = None,
    ) -> None:
        context = self.context
        if kind in SIMPLE:
            name = SIMPLE[kind]
            simple.extract(context, name, found, finish=simple.FINISH.get(name))
        elif kind == "overview":
            facts.extract(context, [entry for entry in found if not self._inline(entry)])
        elif kind == "phases":
            for record in phases.extract(context, found):
                context.schemes[id(record)] = context.section or 0
        elif kind in ("calendar", "checklist"):
            self._calendar(found, heading, section)
        elif kind in SEGMENTS:
            segments.extract(context, found, segment_group(kind))
        elif kind == "kpis":
            metrics.extract(context, found)
        elif kind == "rollback":
            rollback.extract(context, found)
        elif kind == "rollback_criteria":
            if headed:
                rollback.criterion(context, found[0])
            else:
                rollback.criteria(context, found)
        elif kind == "rollback_steps":
            rollback.steps(context, found)
        elif kind == "mitigations":
            rollback.mitigations(context, found)
        elif kind == "reviews":
            reviews.extract(context, found)
        elif kind == "history":
            history.extract(context, found)
        elif kind == "key_messages":
            messages.extract(context, found)

    def _calendar(self, found: list[Entry], heading: str, section: Section | None) -> None:
        context = self.context
        when: When | None = None
        piece: Piece | None = None
        if section is not None and section.title is not None:
            hits = context.whens(section.title.raw, ANCHOR)
            if hits:
                start, end, when = hits[-1] if hits[-1][2].date is not None else hits[0]
                piece = section.title.sub(start, end)
                if self._dated_heading(section, when, piece):
                    return
        calendar.extract(context, found, when=when, when_piece=piece)

    def _dated_heading(self, section: Section, when: When, piece: Piece) -> bool:
        """`#### 2026-03-04: Newsletter` with prose or fields below is one entry."""
        assert section.title is not None and section.heading is not None
        raw = section.title.raw
        start = piece.start - section.title.start
        rest = (raw[:start] + raw[start + len(piece.raw) :]).strip(" \t:-–—,;|()·")
        if not rest or phase_mark(self.context.wording, rest):
            return False
        entry = self.heading_entry(section)
        works = [child for child in entry.children if child.shape in ("item", "row")]
        fields = [
            child
            for child in works
            if child.label is not None
            and field_for(self.context.wording, "calendar_entry", child.label.clean) not in (None, "title")
        ]
        if works and (len(fields) * 2 < len(works) or self.context.wording.has("calendar_groups", rest)):
            return False
        parent = section.parent
        self.context.group = self.roles[parent.index].group if parent is not None else ""
        calendar.from_heading(self.context, entry, calendar.beside(section.title, piece), when, piece)
        return True
