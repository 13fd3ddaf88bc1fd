"""Percent ladders as plans write them: "10% of organizations", "25% → 50% → 75%", "1/5/20/50/100%"."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal

from apps.core.scanning import Scanner
from apps.core.vocabulary import Vocabulary

# Longer texts are prose; no ladder needs more.
MAX_LENGTH = 5_000
_HUNDRED = Decimal(100)
_LINKS = ("→", "/", ",", "-", "~", "|", ">", "+", "&", "·")
_EDGES = " \t\r\n,;:.-–—|/→➔➜➡►▶⇒>•·&+=*_`"


@dataclass(frozen=True)
class Rung:
    """One step of a ladder. `text` is the percent with the words behind it ("75% of eligible organizations");
    `start` and `end` are where the percent itself stands in the text that was read."""

    percent: Decimal
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Number:
    value: Decimal
    first: int
    end: int
    percent: bool


def parse_ladder(text: str, *, vocab: Vocabulary) -> list[Rung]:
    """The percents of an audience that a text names, in the order it names them; a range gives both ends.

    Percents that are evidently aims ("80% positive feedback", "< 1% errors", "20% increase"), above 100,
    or placeholders ("XX%") are none. The order is the text's: whether it rises is for `lint` to say.
    """
    if len(text) > MAX_LENGTH:
        return []
    scan = Scanner(text, vocab)
    found: list[_Number] = []
    at = 0
    while at < len(scan):
        counted = _counted(scan, at)
        if counted:
            at = counted
            continue
        # Behind the whole chain, whatever it was good for: reading it again from its middle finds no more.
        chain, end = _chain(scan, at)
        at = max(end, at + 1)
        climbs = bool(found and chain) and _climbs(scan, found[-1], chain[0])
        if (
            chain
            and (climbs or not _is_aim(scan, chain))
            and not (found and _repeats(scan, found[-1], chain))
        ):
            found += chain
    return [_rung(scan, number, found, place) for place, number in enumerate(found)]


def _chain(scan: Scanner, at: int) -> tuple[list[_Number], int]:
    """Numbers joined by arrows, slashes, commas, dashes or "then"; one at least has a percent sign."""
    numbers: list[_Number] = []
    index = end = at
    while True:
        number = _number(scan, index)
        if number is None:
            break
        numbers.append(number)
        end = number.end
        index = _link(scan, number.end)
        if not index:
            break
    while numbers and not any(number.percent for number in numbers[-1:]):
        numbers.pop()  # "50%, 2 regions": only what leads up to a percent sign belongs to it
    if len(numbers) > 1 and not all(number.percent for number in numbers):
        plain = [number for number in numbers if not number.percent]
        # "3 regions, 50%" never comes here; "2-3, 50%" does, and only a rising list shares one sign.
        if any(second.value <= first.value for first, second in itertools.pairwise(numbers)):
            numbers = [number for number in numbers if number not in plain]
    return [number for number in numbers if 0 <= number.value <= _HUNDRED], end


def _number(scan: Scanner, at: int) -> _Number | None:
    if not scan.digits(at):
        return None
    if at and scan.glued(at):
        before = scan.tokens[at - 1]
        if (before.kind == "word" and before.text.isascii()) or before.text in {"$", "€", "£", "#", "."}:
            return None
    value = scan.decimal(at)
    if value is None or value[0] > 10**6:
        return None
    sign = scan.word(value[1], "measure")
    if sign and sign[0] == "%":
        return _Number(value[0], at, sign[1], True)
    return _Number(value[0], at, value[1], False)


def _counted(scan: Scanner, at: int) -> int:
    """Behind the numbers of "week 1", "days 2-3": they count something else; 0 where no such number begins."""
    if not at or not scan.digits(at) or scan.is_mark(at - 1, "%"):
        return 0
    if not (scan.word(at - 1, "unit_prefix") or scan.word(at - 1, "numbered")):
        return 0
    number = _number(scan, at)
    if number is None or number.percent:
        return 0
    link = number.end + 1 if scan.is_mark(number.end, "-", "/", "~") else scan.after(number.end, "range")
    last = _number(scan, link) if link > number.end and scan.digits(link) else None
    return last.end if last is not None and not last.percent else number.end


def _link(scan: Scanner, at: int) -> int:
    """Behind one joint between two numbers, 0 when there is none."""
    index = at
    for _ in range(3):
        if scan.is_mark(index, *_LINKS):
            index += 1
            continue
        word = scan.word(index, "ladder")
        if not word or word[0] != "then":
            break
        index = word[1]
    return index if index > at and scan.digits(index) else 0


def _is_aim(scan: Scanner, chain: list[_Number]) -> bool:
    """Whether percents are what is hoped for or watched, not who gets the thing."""
    first, last = chain[0], chain[-1]
    if len(chain) > 1 and all(a.value < b.value for a, b in itertools.pairwise(chain)):
        return _aim_word(scan, last.end) and not _audience(scan, last.end)
    if scan.is_mark(first.first - 1, "<", ">", "≤", "≥", "=") if first.first else False:
        return not (scan.is_mark(first.first - 1, ">") and scan.is_mark(first.first - 2, "-"))
    for back in (1, 2, 3, 4):
        at = first.first - back
        found = scan.word(at, "comparator") if at >= 0 else None
        if found and found[1] == first.first and scan.tokens[at].text not in {"reach", "to", "hit", "up"}:
            return True
        target = scan.word(at, "target_word") if at >= 0 else None
        if target and (target[1] == first.first or target[1] == first.first - 1):
            return True
    return _aim_word(scan, last.end)


def _climbs(scan: Scanner, before: _Number, number: _Number) -> bool:
    """ "5% (wk 1) > 20% (wk 2)": an arrow between two percents with no more than an aside between them."""
    if number.value <= before.value or not scan.is_mark(number.first - 1, ">"):
        return False
    index, last = before.end, number.first - 2
    return index > last or (scan.is_mark(index, "(") and scan.is_mark(last, ")"))


def _audience(scan: Scanner, at: int) -> bool:
    return scan.word(at, "share") is not None


def _aim_word(scan: Scanner, at: int) -> bool:
    """An aim within the next words: "% positive feedback", "% of users complete setup", "% fewer tickets"."""
    if _audience(scan, at):
        return False
    for index in range(at, min(at + 4, len(scan))):
        if scan.tokens[index].kind == "mark" and scan.tokens[index].text not in {"-", "("}:
            return False
        if scan.word(index, "condition"):
            return False
        if scan.word(index, "target_word") or (index == at and scan.word(index, "relation")):
            return True
    return False


def _repeats(scan: Scanner, before: _Number, chain: list[_Number]) -> bool:
    """The same percent again right behind in brackets: "10% (10% of accounts)"."""
    return len(chain) == 1 and chain[0].value == before.value and scan.is_mark(chain[0].first - 1, "(")


def _rung(scan: Scanner, number: _Number, numbers: list[_Number], place: int) -> Rung:
    start, end = scan.tokens[number.first].start, scan.tokens[number.end - 1].end
    stop = numbers[place + 1].first if place + 1 < len(numbers) else len(scan)
    if place + 1 < len(numbers):
        stop = _before_joint(scan, number.end, stop)
    for at in range(number.end, stop):
        if scan.is_mark(at, ";"):
            stop = at
            break
    words = scan.text[end : scan.tokens[stop - 1].end].rstrip(_EDGES) if stop > number.end else ""
    text = scan.text[start:end] + (words if words.strip(_EDGES) else "")
    return Rung(number.value, text.strip(), start, end)


def _before_joint(scan: Scanner, start: int, stop: int) -> int:
    """The index before the marks and words ("then", "and finally") that lead to the next rung."""
    while stop > start:
        if scan.is_mark(stop - 1, *_LINKS):
            stop -= 1
            continue
        for back in (4, 3, 2, 1):
            word = scan.word(stop - back, "ladder") if stop - back >= start else None
            if word and word[0] == "then" and word[1] == stop:
                stop -= back
                break
        else:
            return stop
    return stop
