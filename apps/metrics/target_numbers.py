"""Numbers of targets with their units: 99.9%, $10K, 4.5/5, 300 ms, 2x, 10-15%, 1,000."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from apps.core.scanning import Scanner

# No target needs a larger number; Decimal text of larger ones would not fit the database either.
MAX_VALUE = Decimal(10) ** 15


@dataclass(frozen=True)
class Item:
    """One recognised part: tokens from `start` up to, not including, `end`.

    kind: value | change | factor | comparator | relation | window | armed | sustained | percentile |
    share | kind | date | name | break | comma | and | colon. `meaning` is the comparator, relation or
    kind of target that it names; `high` the other end of a range, or the baseline of a change.
    """

    kind: str
    start: int
    end: int
    meaning: str = ""
    value: Decimal | None = None
    unit: str | None = None
    high: Decimal | None = None
    days: int | None = None
    depth: int = 0


def value_at(scan: Scanner, at: int, *, ranges: bool = True) -> Item | None:
    """A number with its unit: 99.9%, $10K, 4.5/5, 300 ms, 2x, 10-15%, 1,000. Not a version or a date."""
    sign = ""
    if scan.is_mark(at, "+", "-") and scan.word(at + 1, "currency") and not (at and scan.glued(at)):
        sign = scan.tokens[at].text
    currency = scan.word(at + 1 if sign else at, "currency")
    index = currency[1] if currency else at
    if scan.is_mark(index, "+", "-") and scan.digits(index + 1) and scan.glued(index + 1):
        if index > 0 and scan.glued(index) and scan.tokens[index - 1].kind != "mark":
            return None
        sign, index = scan.tokens[index].text, index + 1
    number = scan.decimal(index)
    if number is None:
        return None
    if index == at and glued_to_word(scan, at):
        return None
    value, end = number
    high = None
    together = all(scan.glued(place) for place in (end, end + 1, end + 2))
    if (
        together
        and scan.is_mark(end, ",")
        and len(scan.digits(end + 1)) in {1, 2}
        and scan.is_mark(end + 2, "%")
    ):
        # "2,5%": a decimal comma in a plan of a language that does not have it.
        value, end = Decimal(f"{value}.{scan.digits(end + 1)}"), end + 2
    if ranges:
        link = end + 1 if scan.is_mark(end, "-", "~") else 0
        other = scan.decimal(link) if link else None
        if other and other[0] > value:
            high, end = other
    scaled = _multiplied(scan, end, bool(currency))
    if scaled:
        value, end = value * scaled[0], scaled[1]
        high = high * scaled[0] if high is not None else None
    unit, end = _unit(scan, end, currency, value)
    meaning = {"+": "increase", "-": "decrease"}.get(sign, "")
    if unit is None and scan.is_mark(end, "+") and scan.glued(end) and scan.word(end + 1, "measure"):
        # "10+ points"
        measure = scan.word(end + 1, "measure")
        if measure and (len(scan.tokens[end + 1].text) > 1 or scan.glued(end + 1)):
            unit, end, meaning = measure[0], measure[1], "plus"
    if currency is None and unit is None and scaled is None and sign == "" and _is_year(scan, index, end):
        return None
    if abs(value) >= MAX_VALUE or (high is not None and abs(high) >= MAX_VALUE):
        return None
    return Item("value", at, end, meaning, value, unit, high)


def _is_year(scan: Scanner, at: int, end: int) -> bool:
    """A bare 2026 behind a month or quarter, or at the end of a text."""
    return (
        end == at + 1
        and len(scan.digits(at)) == 4
        and int(scan.digits(at)) in range(1990, 2100)
        and at > 0
        and (scan.tokens[at - 1].kind == "number" or scan.word(at - 1, "month") is not None)
    )


def _multiplied(scan: Scanner, at: int, money: bool) -> tuple[Decimal, int] | None:
    found = scan.word(at, "multiplier")
    if not found:
        return None
    letter = len(scan.tokens[at].text) == 1 and found[1] == at + 1 and scan.tokens[at].text.isascii()
    if letter:
        if not scan.glued(at) or (scan.glued(found[1]) and scan.tokens[found[1]].kind == "word"):
            return None
        # "5m" are minutes, "5M" millions; of money both are millions.
        if scan.tokens[at].text in {"m", "b"} and not money and not scan.slice(at, at + 1).isupper():
            return None
    return Decimal(found[0]), found[1]


def _unit(
    scan: Scanner, end: int, currency: tuple[str, int] | None, value: Decimal
) -> tuple[str | None, int]:
    if currency:
        return currency[0], end
    measure = scan.word(end, "measure")
    if measure:
        letter = len(scan.tokens[end].text) == 1 and measure[1] == end + 1 and scan.tokens[end].kind == "word"
        if (
            not letter
            or scan.glued(end)
            or scan.tokens[end].text in {"s", "h"}
            or not scan.tokens[end].text.isascii()
        ):
            if measure[0] == "%":
                points = scan.word(measure[1], "measure")
                if points and points[0] == "points":
                    return "pp", points[1]
            return measure[0], measure[1]
    counter = scan.word(end, "counter")
    if counter and scan.glued(end):
        return None, counter[1]
    money = scan.word(end, "currency")
    if money and (scan.glued(end) or not scan.digits(money[1])):
        return money[0], money[1]
    scale = scan.word(end, "scale")
    if scale:
        of = scan.decimal(scale[1])
        more = of is not None and (scan.is_mark(of[1], "/", "%") or scan.word(of[1], "measure") is not None)
        if of and not more and value <= of[0] and of[0] <= 1000:
            return f"/{of[0]}", of[1]
    return None, end


def glued_to_word(scan: Scanner, at: int) -> bool:
    """Whether a number is the tail of a name: the 1 of SEV1."""
    before = scan.tokens[at - 1] if at else None
    if before is not None and before.text == "-" and scan.glued(at) and scan.glued(at - 1) and at > 1:
        before = scan.tokens[at - 2]  # Sev-1
    return before is not None and scan.glued(at) and before.kind == "word" and before.text.isascii()
