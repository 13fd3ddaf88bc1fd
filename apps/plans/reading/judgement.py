"""What the document is as a whole: a plan or not, its name, the unit of its T-numbers, the order of its dates."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.plans.reading.drafts import Context
from apps.plans.reading.model import Record
from apps.plans.reading.outline import Section
from apps.plans.reading.pieces import clean
from apps.plans.reading.wording import Wording, fold

_WEIGHTS = {
    "phase": 2.0,
    "rollout_step": 1.5,
    "key_message": 1.5,
    "channel": 1.0,
    "calendar_entry": 1.5,
    "segment": 1.5,
    "kpi": 1.0,
    "training": 0.75,
    "enablement": 1.0,
    "education": 0.5,
    "support": 0.5,
    "monitoring": 0.5,
    "routine": 0.25,
    "rollback_criterion": 1.5,
    "rollback_step": 1.0,
    "mitigation": 1.0,
    "review": 0.5,
    "recognition": 0.5,
    "story": 0.75,
    "improvement": 0.25,
    "history": 0.25,
}
_ENOUGH = 3.0
_YEAR = re.compile(r"(?<!\d)(20[2-4]\d)(?!\d)")
_T_NUMBER = re.compile(
    r"\bT\s?[-+–−]\s?(\d{1,3})"
    r"(?:\s?[-–]?\s?(business days?|working days?|bd|days?|d|weeks?|wks?|w|hours?|hrs?|h|min(?:ute)?s?|m)\b)?",
    re.IGNORECASE,
)
_T_WEEKS = re.compile(
    r"\bT\s?[-–]\s?(?:minus)?\s?(?:\(|=|in|weeks|n weeks).{0,20}?\bweeks?\b"
    r"|\bT[\s-]?(?:minus\s)?(?:numbers?|values?|n|x)?\s(?:are|is|counts?|=|in)\s(?:\w+\s){0,2}weeks?\b"
    r"|\bweeks? (?:to|before|until|relative to) (?:launch|T|release|go.live)",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"(?:(?:re|fwd?|aw|wg|tr)\s*:\s*)+", re.IGNORECASE)
_LETTER = re.compile(r"^\s*(?:subject|re|betreff|objet|asunto|assunto)\s*:\s*", re.IGNORECASE)
# Dates with a year, their parts in either order; three numbers of a ladder ("1/5/20%") are none.
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})/(\d{1,2})/(?:20\d\d|[2-4]\d)(?![\d/%]|\s?%)")


def first_line(text: str) -> str:
    """The first line of a document without headings, if it is short: a mail's subject, a bare title."""
    line = next((clean(line) for line in text.split("\n", 20) if clean(line)), "")
    return line if len(line) <= 120 else ""


def document_title(root: Section, wording: Wording) -> Section | None:
    """The section whose heading is the document's title; "1. Executive summary" beside others is none."""
    tops = [section for section in root.sections if section.level == 1]
    if len(tops) > 1:
        matches = wording.match(tops[0].text)
        if matches and matches[0].strength >= 0.9:
            return None
    if root.sections and root.sections[0].heading is not None:
        first = root.sections[0]
        if first.level == 1 or (first.heading is not None and not root.blocks and first.level < 7):
            return first
    return next((section for section in root.sections if section.level == 1), None)


def is_plan(root: Section, records: list[Record], wording: Wording, text: str) -> bool:
    """Whether the document is a launch plan: enough of a plan's parts, and talk of a launch."""
    typed = [record for record in records if record.typed]
    if not typed:
        return False
    title_section = document_title(root, wording)
    title = title_section.text if title_section else first_line(text)
    subject = _subject(wording, text)
    if subject and not _holds_any(wording, "plan_titles", title):
        title = subject
    headings = [section.text for section in root.walk() if section.heading is not None]
    score = 0.0
    named = _holds_any(wording, "plan_titles", title)
    if named:
        score += 2.5
    if _begins_with(wording, "no_plan_titles", title) or (
        _holds_any(wording, "no_plan_titles", title) and not (named and "plan" in fold(title))
    ):
        score -= 4.0
    if _has_minutes_labels(wording, text) or wording.begins("essay_openings", fold(title)):
        score -= 4.0
    kinds = {record.kind for record in typed}
    timed = any(record.kind == "calendar_entry" and record.fields.get("when") for record in typed)
    score += sum(_WEIGHTS.get(kind, 0.0) for kind in kinds)
    if "calendar_entry" in kinds and not timed:
        score -= 0.75
    keys = {
        record.fields.get("key")
        for record in typed
        if record.kind == "overview" and record.fields.get("value")
    }
    talk = sum(_holds_any(wording, "launch_words", heading) for heading in [title, *headings])
    # Where no heading speaks of a launch, a mere "Date" may be that of anything.
    score += (
        (1.5 if talk else 0.75) * ("launch_date" in keys)
        + 0.5 * ("name" in keys)
        + 0.75 * ("launch_type" in keys)
        + 0.75 * ("target_audience" in keys)
    )
    labels = sum(_holds_any(wording, "launch_words", record.title) for record in typed[:200])
    if not talk and not labels:
        body = fold(text[:20000])
        talk = (
            sum(body.count(f" {word} ") for word in wording.words.get("launch_words", ()) if len(word) > 3)
            >= 3
        )
    return bool(talk or labels or ("rollout_step" in kinds and "phase" in kinds)) and score >= _ENOUGH


def _subject(wording: Wording, text: str) -> str:
    """What a mail or memo says it is about, in the lines at its head."""
    for line in text.split("\n", 15)[:15]:
        label, colon, value = line.partition(":")
        if colon and value.strip() and wording.has("mail_subject", label):
            return _ANSWER.sub("", value.strip())[:200]
    return ""


def _begins_with(wording: Wording, group: str, text: str) -> bool:
    """`Meeting notes: launch plan review` are notes, whatever they are about."""
    head = fold(re.split("[:：]", text, maxsplit=1)[0])
    return ":" in text and head in wording.words.get(group, frozenset())


def _has_minutes_labels(wording: Wording, text: str) -> bool:
    """Who was there and who was not is told at the head of minutes."""
    labels = (re.split("[:：]", line, maxsplit=1) for line in text.split("\n", 15)[:15])
    return any(len(parts) == 2 and wording.has("minutes_labels", parts[0]) for parts in labels)


def _holds_any(wording: Wording, group: str, text: str) -> bool:
    known = wording.words.get(group, frozenset())
    words = fold(text).split(" ")
    for length in range(1, 6):
        for start in range(len(words) - length + 1):
            if " ".join(words[start : start + length]) in known:
                return True
    return any(phrase in text for phrase in known if not phrase.isascii() and len(phrase) > 1)


def plan_name(records: Iterable[Record], root: Section, wording: Wording, text: str = "") -> str:
    """What is launched: the fact that says so, else the title without "launch plan"."""
    titles: list[str] = []
    for record in records:
        if record.kind == "overview" and record.fields.get("key") == "name" and record.fields.get("value"):
            value = str(record.fields["value"]).split("\n")[0][:200]
            if fold(record.title) != "title":
                return value
            titles.append(value)
    if titles:
        return _bare_title(titles[0], wording)
    section = document_title(root, wording)
    subject = _subject(wording, text)
    if subject and _holds_any(wording, "plan_titles", subject):
        if section is None or not _holds_any(wording, "plan_titles", section.text):
            return unquoted(_bare_title(subject, wording))
    if section is not None:
        return unquoted(_bare_title(section.text, wording)[:200])
    title = first_line(text)
    return _bare_title(title, wording)[:200] if _holds_any(wording, "plan_titles", title) else ""


def unquoted(name: str) -> str:
    """A name without the quotation marks around it."""
    inner = name.strip("\"“”„«»'‘’")
    return inner if len(name) - len(inner) == 2 and name[0] not in inner else name


def _bare_title(title: str, wording: Wording) -> str:
    known = wording.words.get("plan_title_endings", frozenset())
    title = _LETTER.sub("", title)
    lead = _for(wording).match(title)
    if lead and title[lead.end() :].strip():
        title = title[lead.end() :]
    parts = re.split(r"(\s+[-–—|]\s+|\s*[:：]\s+|：)", title)
    pieces = parts[0::2]
    if len(pieces) > 1:
        kept = [piece for piece in pieces if fold(piece) and not _is_plan_kind(piece, known, wording)]
        if kept and len(kept) < len(pieces):
            return _without_ending(" - ".join(piece.strip() for piece in kept), known)
    return _without_ending(title, known)


def _is_plan_kind(piece: str, known: frozenset[str], wording: Wording) -> bool:
    """`mobile launch runbook`: a kind of plan, with words in front that only say which kind."""
    words = fold(piece).split(" ")
    if " ".join(words) in known:
        return True
    kinds = wording.words.get("plan_adjectives", frozenset()) | wording.filler
    return any(
        " ".join(words[start:]) in known and all(word in kinds for word in words[:start])
        for start in range(1, min(4, len(words)))
    )


def _for(wording: Wording) -> re.Pattern[str]:
    """`Launch plan for ...`: a kind of plan and a preposition in front of the name."""
    kinds = sorted(wording.words.get("plan_title_endings", ()), key=len, reverse=True)
    small = sorted(wording.words.get("for_words", ()), key=len, reverse=True)
    if not kinds or not small:
        return re.compile(r"(?!)")
    return re.compile(
        rf"(?:the\s+)?(?:{'|'.join(map(re.escape, kinds))})\s+(?:{'|'.join(map(re.escape, small))})\s+(?:the\s+)?",
        re.IGNORECASE,
    )


def _without_ending(title: str, known: frozenset[str]) -> str:
    words = title.split()
    for length in range(min(5, len(words) - 1), 0, -1):
        if fold(" ".join(words[-length:])) in known:
            return " ".join(words[:-length]).rstrip(" :-–—,|")
    return title.strip()


def t_unit(context: Context, text: str) -> str:
    """The unit of bare T-numbers: what the document says elsewhere, else a question with days proposed."""
    if "T" not in text and "t-" not in text:
        return "day"
    units: set[str] = set()
    bare: list[int] = []
    line = 0
    for match in _T_NUMBER.finditer(text):
        unit = (match[2] or "").lower()
        if unit.startswith(("w",)) and not unit.startswith("work"):
            units.add("week")
        elif unit.startswith(("d", "b", "work")):
            units.add("day")
        elif not unit:
            bare.append(int(match[1]))
            line = line or text.count("\n", 0, match.start()) + 1
    if not bare:
        return "day"
    if _T_WEEKS.search(text):
        units.add("week")
    proposed = "day"
    if units == {"week"}:
        return "week"
    if units == {"day"} or (max(bare) > 13 and not units):
        return "day"
    if not units and len(set(bare)) < 3:
        return "day"
    if units and max(bare) > 13:
        return "day"
    answer = context.ask(
        "t_unit",
        line,
        "t-numbers",
        "Do the plan's T-numbers count days or weeks?",
        proposed=proposed,
        choices=("day", "week"),
    )
    return answer if answer in ("day", "week") else proposed


def year_said(text: str, title: str) -> int | None:
    """The year the document speaks of: proposed where a date has none."""
    found = _YEAR.findall(title) or _YEAR.findall(text[:100000])
    if not found:
        return None
    return int(max(set(found), key=found.count))


def date_order(text: str) -> str | None:
    """ "mdy" or "dmy" where a date with a part above 12 tells it, None where none does or two disagree."""
    orders = set()
    for match in _NUMERIC.finditer(text):
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            orders.add("dmy")
        elif second > 12 >= first:
            orders.add("mdy")
    return orders.pop() if len(orders) == 1 else None
