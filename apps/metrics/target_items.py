"""The parts of a target in a text: values, comparators, relations, windows, shares, kinds."""

from __future__ import annotations

from decimal import Decimal

from apps.core.scanning import Scanner
from apps.metrics.target_numbers import Item, value_at

DAYS = {"day": 1, "business_day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
_YEARS = range(1900, 2200)


def items_of(scan: Scanner) -> list[Item]:
    """All parts in order; tokens in none of them are words of the metric. Takes linear time."""
    items: list[Item] = []
    at, depth = 0, 0
    while at < len(scan):
        if scan.is_mark(at, "(", "["):
            depth += 1
        elif scan.is_mark(at, ")", "]"):
            depth = max(0, depth - 1)
        item = _item_at(scan, at, items)
        if item is None:
            at += 1
            continue
        items.append(item if not depth else _deeper(item, depth))
        at = item.end
    return items


def _deeper(item: Item, depth: int) -> Item:
    return Item(
        item.kind, item.start, item.end, item.meaning, item.value, item.unit, item.high, item.days, depth
    )


def _item_at(scan: Scanner, at: int, before: list[Item]) -> Item | None:
    rules = (
        _separator, _date, _between, _within_suffix, _window, _sustained, _armed, _percentile,
        _named_number, _kind, _share, _change_of,
    )  # fmt: skip
    for rule in rules:
        found = rule(scan, at)
        if found:
            return found
    found = _kind_after(scan, at, before) or _comparator(scan, at, before)
    if found:
        return found
    value = value_at(scan, at)
    if value:
        return value
    return _zero(scan, at, before) or _relation(scan, at)


def _separator(scan: Scanner, at: int) -> Item | None:
    if scan.is_mark(at, ";", "|", "·", "\n"):
        return Item("break", at, at + 1)
    if scan.is_mark(at, ","):
        return Item("comma", at, at + 1)
    if scan.is_mark(at, ":"):
        return Item("colon", at, at + 1)
    if scan.is_mark(at, "/") and not scan.glued(at) and value_at(scan, at + 1):
        return Item("break", at, at + 1)  # "40% / 50%" of columns that were joined
    if scan.is_mark(at, "&"):
        return Item("and", at, at + 1)
    found = scan.word(at, "separator")
    return Item("and", at, found[1]) if found and found[0] == "and" else None


def _count(scan: Scanner, at: int) -> tuple[int, int] | None:
    """A whole number in digits or words."""
    value = scan.integer(at, 0, 100_000)
    if value is not None:
        return value, at + 1
    found = scan.word(at, "number")
    return (int(found[0]), found[1]) if found and "." not in found[0] else None


def _span(scan: Scanner, at: int) -> tuple[int, str, int] | None:
    """ "90 days", "2 weeks", "30-day": number, unit of time, index behind."""
    number = _count(scan, at)
    if number is None:
        return None
    index = number[1] + (1 if scan.is_mark(number[1], "-") else 0)
    unit = scan.word(index, "unit")
    return (number[0], unit[0], unit[1]) if unit else None


def _in_days(number: int, unit: str) -> int | None:
    if unit in DAYS:
        return number * DAYS[unit]
    if unit == "hour" and number % 24 == 0:
        return number // 24
    return None


def _towards_launch(scan: Scanner, at: int) -> int:
    """Behind "of launch", "after the release", "post-launch"."""
    for name in ("of", "after", "before"):
        link = scan.word(at, name)
        if link:
            index = scan.after(link[1] + (1 if scan.is_mark(link[1], "-") else 0), "of")
            target = scan.word(index, "launch") or scan.word(index, "rollout")
            if target:
                return target[1]
    return at


def _within_suffix(scan: Scanner, at: int) -> Item | None:
    """90日以内に: languages that put the word behind the span."""
    span = _span(scan, at)
    behind = scan.word(span[2], "within_after") if span else None
    if not span or not behind:
        return None
    days = _in_days(span[0], span[1])
    return Item("window", at, behind[1], span[1], Decimal(span[0]), days=days)


def _between(scan: Scanner, at: int) -> Item | None:
    """between 5 and 10%."""
    found = scan.word(at, "separator")
    first = value_at(scan, found[1]) if found and found[0] == "between" else None
    link = scan.word(first.end, "separator") if first else None
    last = value_at(scan, link[1]) if link and link[0] == "and" else None
    if not first or not last or first.value is None or last.value is None or last.value <= first.value:
        return None
    return Item("value", at, last.end, "", first.value, last.unit or first.unit, last.value)


def _sustained(scan: Scanner, at: int) -> Item | None:
    """for 10 minutes: how long it must last, which is no part of the metric's name."""
    found = scan.word(at, "share")
    span = _span(scan, found[1]) if found and found[0] == "for" else None
    return Item("sustained", at, span[2]) if span else None


def _window(scan: Scanner, at: int) -> Item | None:
    """within 90 days, in the first month, 30 days after launch, by day 30."""
    link = scan.word(at, "within")
    if link:
        span = _span(scan, link[1])
        if span:
            days = _in_days(span[0], span[1])
            return Item("window", at, _towards_launch(scan, span[2]), span[1], Decimal(span[0]), days=days)
    first = scan.word(at, "first")
    if first:
        unit = scan.word(first[1], "unit")
        if unit and unit[0] in DAYS:
            return Item("window", at, _towards_launch(scan, unit[1]), unit[0], Decimal(1), days=DAYS[unit[0]])
    prefix = scan.word(at, "unit_prefix")
    if prefix and prefix[0] == "week" and len(scan.tokens[at].text) == 1 and scan.glued(prefix[1]) and at:
        number_of = scan.integer(prefix[1], 1, 999)
        if number_of is not None:  # "25% W4"
            return Item("window", at, prefix[1] + 1, "week", Decimal(number_of), days=number_of * 7)
    numbered = scan.word(at, "at_number")
    if numbered and scan.integer(numbered[1], 0, 4000) is not None:
        unit = scan.word(numbered[1] - 1, "unit")
        if unit and unit[0] in DAYS:
            number = int(scan.digits(numbered[1]))
            return Item(
                "window",
                at,
                _towards_launch(scan, numbered[1] + 1),
                unit[0],
                Decimal(number),
                days=number * DAYS[unit[0]],
            )
    span = _span(scan, at)
    if span and span[1] in DAYS:
        end = _towards_launch(scan, span[2])
        if end > span[2] and scan.word(span[2], "after"):
            return Item("window", at, end, span[1], Decimal(span[0]), days=_in_days(span[0], span[1]))
    return None


def _armed(scan: Scanner, at: int) -> Item | None:
    """after 2 weeks."""
    link = scan.word(at, "armed")
    span = _span(scan, link[1]) if link else None
    if not span:
        return None
    days = _in_days(span[0], span[1])
    return Item("armed", at, _towards_launch(scan, span[2]), days=days) if days is not None else None


def _date(scan: Scanner, at: int) -> Item | None:
    """by end of Q2 2026, by March, in 2026: says when, not how much."""
    link = scan.word(at, "until")
    index = at
    while link and index - at < 8:
        index = link[1]
        part = scan.word(index, "part")
        index = part[1] if part else index
        link = scan.word(index, "until")
    start = index
    month = scan.word(index, "month")
    if month and (index > at or scan.digits(month[1])):
        index = month[1]
        day = scan.integer(index, 1, 31)
        if day is not None and not scan.is_mark(index + 1, "%"):
            index = scan.after(index + 1, "day_suffix")
    quarter = scan.word(index, "quarter_prefix")
    if quarter and scan.integer(quarter[1], 1, 4) is not None and scan.glued(quarter[1]):
        index = quarter[1] + 1
    year = index + 1 if scan.is_mark(index, ",") and index > start else index
    number = scan.integer(year, _YEARS.start, _YEARS.stop - 1)
    if (index > start or start > at) and number is not None and len(scan.digits(year)) == 4:
        following = scan.tokens[year + 1] if year + 1 < len(scan) else None
        if index > start or following is None or (following.kind == "mark" and following.text != "%"):
            index = year + 1
            while scan.is_mark(index, "-") and scan.glued(index) and scan.glued(index + 1):
                index += 2 if scan.digits(index + 1) else 1
    return Item("date", at, index) if index > start else None


def _percentile(scan: Scanner, at: int) -> Item | None:
    """p95, 95th percentile, median."""
    found = scan.word(at, "percentile")
    if found and found[0] == "median":
        return Item("percentile", at, found[1], days=50)
    if found and found[0] == "p" and scan.glued(found[1]):
        number = scan.integer(found[1], 50, 99)
        return Item("percentile", at, found[1] + 1, days=number) if number is not None else None
    number = scan.integer(at, 1, 99)
    if number is not None:
        behind = scan.word(at + 1, "percentile")
        if behind and behind[0] == "percentile":
            return Item("percentile", at, behind[1], days=number)
    return None


def _named_number(scan: Scanner, at: int) -> Item | None:
    """Numbers that are names: Tier 1, SEV1, v2.0, 7-day retention, 24/7."""
    if scan.digits(at):
        if (
            scan.glued(at)
            and at
            and scan.tokens[at - 1].kind == "word"
            and scan.tokens[at - 1].text.isascii()
        ):
            return Item("name", at, _number_end(scan, at))
        if scan.digits(at) == "24" and scan.is_mark(at + 1, "/") and scan.digits(at + 2) == "7":
            return Item("name", at, at + 3)
        if scan.is_mark(at + 1, ":") and scan.glued(at + 1) and scan.glued(at + 2) and scan.digits(at + 2):
            return Item("name", at, at + 3)  # 1:1 calls
        if scan.is_mark(at + 1, "-") and scan.glued(at + 1) and scan.glued(at + 2):
            unit = scan.word(at + 2, "unit")
            if unit and unit[1] < len(scan) and scan.tokens[unit[1]].kind == "word":
                return Item("name", at, unit[1])
        return None
    found = scan.word(at, "numbered")
    if found and scan.digits(found[1]):
        end = _number_end(scan, found[1])
        return Item("name", at, end) if not scan.word(end, "measure") else None
    return None


def _number_end(scan: Scanner, at: int) -> int:
    end = at + 1
    while (
        scan.is_mark(end, ".", "-", "/") and scan.glued(end) and scan.digits(end + 1) and scan.glued(end + 1)
    ):
        end += 2
    return end


def _kind(scan: Scanner, at: int) -> Item | None:
    """ "stretch: 50%", "alert at 3s", "baseline 12%" - a word of a kind right in front of a number."""
    found = scan.word(at, "kind")
    if not found:
        return None
    index = found[1]
    for _ in range(3):
        if scan.is_mark(index, ":", "-", "(", "@"):
            index += 1
            continue
        link = scan.word(index, "kind_link")
        if not link:
            break
        index = link[1]
    compared = scan.is_mark(index, "<", ">", "≤", "≥", "=") or scan.word(index, "comparator")
    if compared or value_at(scan, index):
        return Item("kind", at, index, found[0])
    # "Roll back if the error rate > 5%": the number may come later, and the words between name the metric.
    condition = scan.word(found[1], "condition")
    return Item("kind", at, condition[1], found[0]) if condition else None


def _kind_after(scan: Scanner, at: int, before: list[Item]) -> Item | None:
    """ "91% today", "50% (stretch)": a word of a kind right behind the number, with nothing after it."""
    found = scan.word(at, "kind")
    if not found or not before or before[-1].kind not in {"value", "comparator"}:
        return None
    opened = scan.is_mark(at - 1, "(") and before[-1].end == at - 1
    if before[-1].end != at and not opened:
        return None
    end = found[1] + (1 if opened and scan.is_mark(found[1], ")") else 0)
    closes = end >= len(scan) or scan.is_mark(end, ",", ";", "/", ")", "|")
    return Item("kind_after", at, end, found[0]) if closes else None


def _share(scan: Scanner, at: int) -> Item | None:
    """for 95% of users."""
    found = scan.word(at, "share")
    if not found or found[0] != "for":
        return None
    number = scan.integer(found[1], 1, 100)
    percent = scan.word(found[1] + 1, "measure") if number is not None else None
    link = scan.word(percent[1], "share") if percent and percent[0] == "%" else None
    if not link or link[0] != "of":
        return None
    end = link[1]
    while (
        end < len(scan) and end - link[1] < 2 and scan.tokens[end].kind == "word" and not _breaks(scan, end)
    ):
        end += 1
    return Item("share", at, end, value=Decimal(number or 0), unit="%", days=number)


def _breaks(scan: Scanner, at: int) -> bool:
    meanings = scan.meanings(at)
    return any(name in meanings for name in ("within", "armed", "separator", "until", "comparator", "edge"))


def _change_of(scan: Scanner, at: int) -> Item | None:
    """from 12% to 20%, 12% -> 20%: a baseline and a target in one."""
    found = scan.word(at, "separator")
    start = found[1] if found and found[0] == "from" else at
    first = value_at(scan, start, ranges=False)
    if not first:
        return None
    link = scan.word(first.end, "separator")
    if scan.is_mark(first.end, "→"):
        index = first.end + 1
    elif (link and link[0] == "arrow") or (start > at and link and link[0] == "to"):
        index = link[1]
    else:
        return None
    compared = _symbol(scan, index) or scan.word(index, "comparator")
    last = value_at(scan, compared[1] if compared else index, ranges=False)
    if not last:
        return None
    return Item(
        "change",
        at,
        last.end,
        compared[0] if compared else "",
        value=last.value,
        unit=last.unit or first.unit,
        high=first.value,
    )


def _symbol(scan: Scanner, at: int) -> tuple[str, int] | None:
    for marks, meaning in (("<", "lt"), (">", "gt"), ("≤", "le"), ("≥", "ge"), ("=", "eq")):
        if scan.is_mark(at, marks):
            index = at + 1
            if meaning in {"lt", "gt"} and scan.is_mark(index, "="):
                return ("le" if meaning == "lt" else "ge"), index + 1
            return meaning, index
    return None


def _comparator(scan: Scanner, at: int, before: list[Item]) -> Item | None:
    symbol = _symbol(scan, at)
    if symbol:
        index = symbol[1] + (1 if scan.is_mark(symbol[1], "~") else 0)
        return (
            Item("comparator", at, index, symbol[0])
            if value_at(scan, index) or _is_zero(scan, index)
            else None
        )
    just_after = bool(before) and before[-1].kind in {"value", "relation"} and before[-1].end == at
    if just_after:
        if scan.is_mark(at, "+") and scan.glued(at):
            return Item("comparator", at, at + 1, "ge")
        behind = scan.word(at, "comparator_after")
        if behind and not value_at(scan, behind[1]):
            return Item("comparator", at, behind[1], behind[0])
    found = scan.word(at, "comparator")
    if not found:
        return None
    index = scan.after(found[1], "number_link")
    return Item("comparator", at, index, found[0]) if value_at(scan, index) else None


def _is_zero(scan: Scanner, at: int) -> bool:
    return scan.word(at, "zero") is not None


def _zero(scan: Scanner, at: int, before: list[Item]) -> Item | None:
    """ "Zero critical bugs": only at the start of a clause, "No" elsewhere is just a word."""
    behind = scan.word(at, "zero_after")
    if behind and behind[1] == len(scan) and at:
        return Item("value", at, behind[1], "zero", Decimal(0))
    found = scan.word(at, "zero")
    if not found:
        return None
    starts = at == 0 or scan.is_mark(at - 1, "(") or (bool(before) and before[-1].end == at)
    if starts and (
        (found[1] < len(scan) and scan.tokens[found[1]].kind == "word") or scan.tokens[at].text != "no"
    ):
        return Item("value", at, found[1], "zero", Decimal(0))
    return None


def _relation(scan: Scanner, at: int) -> Item | None:
    factor = scan.word(at, "factor")
    if factor:
        value = Decimal(factor[0])
        change = (value - 1) * 100 if value > 1 else (1 - value) * 100
        meaning = "increase" if value > 1 else "decrease"
        return Item("factor", at, factor[1], meaning, change, "%")
    found = scan.word(at, "relation")
    return Item("relation", at, found[1], found[0]) if found else None
