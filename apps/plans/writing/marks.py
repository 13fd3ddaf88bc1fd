"""Live remarks beside what the plan says: dates, done marks, actuals. Such a document is for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.plans.reading import PlanError, read_plan
from apps.plans.writing import escaping
from apps.plans.writing.diff import match
from apps.plans.writing.layout import Layout
from apps.plans.writing.live import Live, live_records


def annotate(text: str, layout: Layout, records: Sequence[Live], live: Mapping[str, Sequence[str]]) -> str:
    """The text with each record's remarks behind its first line (in a table: in its first cell)."""
    try:
        reading = read_plan(text)
    except PlanError:
        return text
    partner = {other.key: one.key for one, other in match(list(records), live_records(reading), keys=False)}
    lines = list(reading.lines)
    done: set[int] = set()
    for record in reading.records:
        remarks = [remark for remark in live.get(partner.get(record.key, ""), ()) if remark]
        number = record.extent[0] or record.lines[0]
        if not remarks or (number in done and record.kind != "rollout_step"):
            continue
        done.add(number)
        raw = lines[number - 1]
        body = raw.rstrip("\r\n")
        end = raw[len(body) :]
        remark = escaping.inline(", ".join(remarks))
        lines[number - 1] = _marked(body, remark, record.shape) + end
    return ("\ufeff" if layout.bom else "") + "".join(lines)


def _marked(line: str, remark: str, shape: str) -> str:
    if shape == "row" and "|" in line:
        end = line.rstrip().rfind("|") if line.rstrip().endswith("|") else len(line)
        return f"{line[:end].rstrip()} *[{remark.replace('|', chr(92) + '|')}]* {line[end:]}".rstrip()
    return f"{line.rstrip()} *[{remark}]*"
