"""The grammar of times that count from launch day or from the rollout's start."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.core.scanning import Scanner
from apps.schedule.when_value import UNIT_PRECISION, Anchor

MAX_OFFSET = 100_000
_SURELY_MINUTES = 15
_COUNTS_FROM_ONE = frozenset({"day", "week", "month", "quarter"})


@dataclass(frozen=True)
class Options:
    default_anchor: Anchor | None
    t_unit: str
    default_year: int | None
    whole: bool  # the text is a time, so short forms count ("launch", "3/4", "2 weeks before")


@dataclass(frozen=True)
class Relative:
    unit: str
    offset: int
    end: int | None = None
    anchor: Anchor | None = None
    signed: bool = False
    open_ended: bool = False


def relative_at(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    for rule in (_countdown, _launch_first, _unit_number, _number_unit, _ordinal_unit, _launch_name):
        found = rule(scan, at, options)
        if found:
            return found
    return None


def _sign(scan: Scanner, at: int) -> tuple[int, int] | None:
    """(+1 or -1, index behind) of a sign in front of a number."""
    if scan.is_mark(at, "-", "+") and at + 1 < len(scan):
        return (-1 if scan.tokens[at].text == "-" else 1), at + 1
    for name, sign in (("minus_word", -1), ("plus_word", 1)):
        found = scan.word(at, name)
        if found:
            return sign, found[1]
    return None


def _number(scan: Scanner, at: int) -> tuple[int, int] | None:
    value = scan.integer(at, 0, MAX_OFFSET)
    if value is not None:
        return value, at + 1
    found = scan.word(at, "number")
    return (int(found[0]), found[1]) if found and "." not in found[0] else None


def _unit(scan: Scanner, at: int) -> tuple[str, int] | None:
    found = scan.word(at, "unit")
    return found if found and found[0] in UNIT_PRECISION else None


def _countdown(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """T-14, T-5 days, T+1 hour, L-3, D+7, Launch + 2 weeks, Rollout T-5 bd."""
    anchor: Anchor = "launch_day"
    prefix = scan.word(at, "rollout_prefix")
    if prefix and scan.word(prefix[1], "countdown"):
        anchor, at = "rollout_start", prefix[1]
    lead = scan.word(at, "countdown")
    start = scan.word(at, "rollout")
    if start and not lead:
        return _after_rollout(scan, start[1])
    if not lead:
        return None
    index = lead[1]
    letter = len(scan.tokens[at].text) == 1 and index == at + 1
    sign = _sign(scan, index)
    if sign is None:
        if letter and scan.glued(index) and scan.digits(index) == "0" and not scan.glued(index + 1):
            return Relative("day", 0, anchor=anchor, signed=True), index + 1
        return None
    first = scan.integer(sign[1], 0, MAX_OFFSET)
    if first is None:
        return None
    number_end = sign[1] + 1
    unit = _unit(scan, number_end + (1 if scan.is_mark(number_end, "-") else 0))
    if unit is None and first >= _SURELY_MINUTES and scan.is_mark(number_end, "m") and scan.glued(number_end):
        unit = ("minute", number_end + 1)  # T-60m; T-3m may be months
    spaced = not scan.glued(sign[1])
    if not unit and not options.whole and (spaced or (not letter and not scan.tokens[sign[1] - 1].spaced)):
        return None  # "Launch - 3 items", "GA-4"
    last = _range_end(scan, unit[1] if unit else number_end, sign[0])
    name = unit[0] if unit else None
    index = unit[1] if unit else number_end
    end = None
    if last:
        end, index = last[0], last[1]
        late = _unit(scan, index)
        if late:
            name, index = name or late[0], late[1]
    index = _towards_launch(scan, index)
    low, high = _sorted(sign[0] * first, end)
    open_ended, index = _onward(scan, index) if end is None else (False, index)
    # T-0 is the launch itself, whatever the other T-numbers count.
    unit_said = name or ("day" if low == 0 and high is None else _t_unit(options))
    return Relative(unit_said, low, high, anchor, True, open_ended), index


def _after_rollout(scan: Scanner, at: int) -> tuple[Relative, int] | None:
    """Rollout + 2 weeks."""
    sign = _sign(scan, at)
    value = scan.integer(sign[1], 0, MAX_OFFSET) if sign else None
    unit = _unit(scan, sign[1] + 1) if sign and value is not None else None
    if sign is None or value is None or unit is None:
        return None
    return _from_rollout(unit[0], value, None, sign[0]), unit[1]


def _t_unit(options: Options) -> str:
    return options.t_unit if options.t_unit in UNIT_PRECISION else "day"


def _towards_launch(scan: Scanner, index: int) -> int:
    """Behind "before launch" in "T-14 days before launch", which says nothing new."""
    for name in ("before", "after"):
        link = scan.word(index, name)
        launch = scan.word(scan.after(link[1], "of"), "launch") if link else None
        if launch:
            return launch[1]
    return index


def _sorted(first: int, last: int | None) -> tuple[int, int | None]:
    if last is None or last == first:
        return first, None
    return min(first, last), max(first, last)


def _range_mark(scan: Scanner, at: int) -> int:
    """Behind what joins two ends ("to", "–", "..", "&"); 0 when nothing does."""
    if scan.is_mark(at, "-", "~", "→", "/", "&"):
        return at + 1
    if scan.is_mark(at, ".") and scan.is_mark(at + 1, "."):
        return at + 3 if scan.is_mark(at + 2, ".") else at + 2
    found = scan.word(at, "range")
    return found[1] if found else 0


def _range_end(scan: Scanner, at: int, sign: int) -> tuple[int, int] | None:
    """The other end of a range of offsets: "to T-10", "– -10", "to launch day", "-3"."""
    link = _range_mark(scan, at)
    if not link:
        return None
    joined = scan.glued(at) and scan.glued(link)
    index = link
    lead = scan.word(index, "countdown") or scan.word(index, "unit_prefix")
    if lead and (scan.digits(lead[1]) or _sign(scan, lead[1])):
        index, joined = lead[1], False
    second = _sign(scan, index)
    if second and scan.digits(second[1]):
        value = scan.integer(second[1], 0, MAX_OFFSET)
        return (second[0] * value, second[1] + 1) if value is not None else None
    value = scan.integer(index, 0, MAX_OFFSET)
    if value is not None:
        # "T-14-10" counts down all the way; "Week -2 to 2" crosses launch day.
        if scan.is_mark(link - 1, "&") and sign > 0 and not joined and lead is None and value == 0:
            return None
        return (sign * value if joined or scan.is_mark(at, "/") else value), index + 1
    launch = (
        scan.word(index, "launch_day") or scan.word(index, "launch_alone") or scan.word(index, "launch_week")
    )
    return (0, launch[1]) if launch and sign < 0 else None


def _onward(scan: Scanner, index: int) -> tuple[bool, int]:
    """Week 4+, Week 4 onwards."""
    if scan.is_mark(index, "+") and not scan.digits(index + 1):
        return True, index + 1
    if scan.is_mark(index, "→") and index + 1 >= len(scan):
        return True, index + 1
    if scan.is_mark(index, "&", "-") and scan.word(index + 1, "onward"):
        index += 1
    found = scan.word(index, "onward")
    # A lone "on" goes on only where nothing follows it: "Week 4 on", but "Week 4 on Monday".
    if found and (found[1] > index + 1 or len(scan.tokens[index].text) > 3 or found[1] >= len(scan)):
        return True, found[1]
    return False, index


def _unit_number(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """Week -2, Weeks 2-3, Week 4+, Day -14 to -10, W-2, Rollout week 2, 第2週, Post-launch week 1."""
    anchor: Anchor | None = None
    onward = scan.word(at, "onward_prefix")
    open_ended = False
    if onward and scan.word(onward[1], "unit_prefix"):
        at, open_ended = onward[1], True
    lead = scan.word(at, "rollout_prefix")
    if lead and scan.word(lead[1], "unit_prefix"):
        anchor, at = "rollout_start", lead[1]
    prefix = scan.word(at, "unit_prefix")
    letter = scan.word(at, "month_letter")
    if letter and not prefix and scan.is_mark(letter[1], "+", "-") and scan.glued(letter[1]):
        prefix = ("month", letter[1])
    if not prefix:
        return None
    unit, index = prefix
    short = index == at + 1 and len(scan.tokens[at].text) == 1 and scan.tokens[at].text.isascii()
    if short and not scan.glued(index):
        return None
    if scan.is_mark(index, "#", ".", ":") and not short:
        index += 1
    sign = _sign(scan, index)
    first = _number(scan, sign[1]) if sign else _number(scan, index)
    if sign and first and not scan.glued(sign[1]) and not options.whole:
        return None  # "Week - 2 posts"
    if first is None or (not sign and not scan.digits(index) and not options.whole):
        return None
    direction = sign[0] if sign else 1
    value, index = first
    day = _day_of_week(scan, index, value) if unit == "week" and not sign else None
    if day:
        return Relative("day", day[0], None, anchor), day[1]
    index = scan.after(index, "unit_suffix")
    last = _range_end(scan, index, direction)
    end = None
    if last and not _means_more(scan, last[1]):
        end, index = last
    counter = scan.word(index, "unit_suffix") or (
        scan.word(index - 1, "unit_suffix") if end is None else None
    )
    if scan.is_mark(at, "第"):
        if not counter:
            return None  # 第 alone only says that a number is an ordinal
        unit = counter[0]
    index = max(index, counter[1]) if counter else index
    neighbours = scan.is_mark(first[1], "&") or (scan.word(first[1], "separator") or ("",))[0] == "and"
    if end is not None and neighbours and end != direction * value + 1:
        return None  # "Weeks 1 and 4" are two times, not a range
    low, high = _sorted(direction * value, end)
    if end is not None and end < direction * value and not sign:
        return None  # "Day 3-1": no range, perhaps a score
    if high is None and not open_ended:
        open_ended, index = _onward(scan, index)
    signed = sign is not None or low < 0
    anchor, low, high, index = _attached(scan, index, anchor, unit, low, high, signed)
    return Relative(unit, low, high, anchor, signed, open_ended and high is None), index


def cut_short(scan: Scanner, index: int) -> bool:
    """The number is part of a longer one: "may 10%", "day 2.5", "Week 4x"."""
    if scan.is_mark(index, "%"):
        return True
    if not scan.glued(index) or not scan.digits(index - 1):
        return False
    token = scan.tokens[index]
    if token.kind == "word":
        return token.text.isascii() and token.text != "t"
    return token.text in {".", "/"} and scan.glued(index + 1) and bool(scan.digits(index + 1))


def _day_of_week(scan: Scanner, index: int, week: int) -> tuple[int, int] | None:
    """Week 2, Day 3 is Day 10."""
    comma = index + 1 if scan.is_mark(index, ",", "-", "/") else index
    prefix = scan.word(comma, "unit_prefix")
    day = scan.integer(prefix[1], 1, 7) if prefix and prefix[0] == "day" else None
    if prefix is None or day is None or week < 1 or _range_mark(scan, prefix[1] + 1):
        return None
    return 7 * (week - 1) + day, prefix[1] + 1


def _means_more(scan: Scanner, index: int) -> bool:
    """Whether the second number of "Week 1-2x" or "Day 1 - 5% of users" is something else."""
    return scan.is_mark(index, "%") or cut_short(scan, index)


def _attached(
    scan: Scanner, index: int, anchor: Anchor | None, unit: str, low: int, high: int | None, signed: bool
) -> tuple[Anchor | None, int, int | None, int]:
    """ "after launch", "before launch", "of the rollout" behind a numbered unit."""
    if signed:
        return anchor, low, high, _towards_launch(scan, index)
    for name in ("after", "before"):
        link = scan.word(index, name)
        if not link:
            continue
        target = scan.after(link[1], "of")
        launch, rollout = scan.word(target, "launch"), scan.word(target, "rollout")
        if launch and not (rollout and rollout[1] > launch[1]):
            if name == "before":
                low, high = _sorted(-low, None if high is None else -high)
            return "launch_day", low, high, launch[1]
        if rollout and name == "after":
            return "rollout_start", low, high, rollout[1]
    link = scan.word(index, "of")
    rollout = scan.word(link[1], "rollout") if link else None
    if rollout:
        return "rollout_start", low, high, rollout[1]
    return anchor, low, high, index


def _number_unit(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """30 days after launch, two weeks before launch, 1-2 weeks post-launch, 2週間前; +3 days in a cell."""
    sign = _sign(scan, at) if options.whole else None
    first = _number(scan, sign[1] if sign else at) or _single(scan, at, options)
    if first is None:
        return None
    value, index = first
    link = _range_mark(scan, index)
    second = _number(scan, link) if link else None
    unit = _unit(scan, second[1]) if second else None
    if second is None or unit is None:
        second = None
        unit = _unit(scan, index + (1 if scan.is_mark(index, "-") and scan.glued(index) else 0))
    if unit is None:
        return None
    name, index = unit
    last = second[0] if second else None
    for word, direction in (("before", -1), ("after", 1)):
        found = scan.word(index, word)
        hyphen = index + 1 if scan.is_mark(index, "-") else index
        found = found or scan.word(hyphen, word)
        if not found or (sign and sign[0] != direction):
            continue
        target = found[1] + (1 if scan.is_mark(found[1], "-") else 0)
        target = scan.after(target, "of")
        launch, rollout = scan.word(target, "launch"), scan.word(target, "rollout")
        if rollout and (not launch or rollout[1] >= launch[1]):
            return _from_rollout(name, value, last, direction), rollout[1]
        if launch:
            low, high = _sorted(direction * value, None if last is None else direction * last)
            return Relative(name, low, high, "launch_day", True), launch[1]
    if not options.whole:
        return None
    for word, direction in (("earlier", -1), ("later", 1)):
        found = scan.word(index, word)
        if found:
            low, high = _sorted(direction * value, None if last is None else direction * last)
            return Relative(name, low, high, options.default_anchor or "launch_day", True), found[1]
    if sign:
        low, high = _sorted(sign[0] * value, None if last is None else sign[0] * last)
        return Relative(name, low, high, "launch_day", True), index
    return None


def _single(scan: Scanner, at: int, options: Options) -> tuple[int, int] | None:
    """The week before launch, day after launch: one, without a word that says so."""
    index = scan.after(at, "of") if options.whole else at
    return (1, index) if options.whole and scan.word(index, "unit_single") else None


def _from_rollout(unit: str, value: int, last: int | None, direction: int) -> Relative:
    """Days, weeks and months of the rollout begin at 1, so two weeks after its start is its third."""
    shift = 1 if unit in _COUNTS_FROM_ONE and direction > 0 else 0
    if unit in {"week", "month", "quarter"} and direction < 0:
        shift = 1
    low, high = _sorted(direction * value + shift, None if last is None else direction * last + shift)
    return Relative(unit, low, high, "rollout_start", True)


def _ordinal_unit(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """2nd week, second week after launch, 2. Woche, 1週目."""
    index = scan.after(at, "of")
    found = scan.word(index, "ordinal")
    value, end = (int(found[0]), found[1]) if found else (None, index)
    if value is None:
        value = scan.integer(index, 1, 400)
        if value is None:
            return None
        suffix = scan.word(index + 1, "day_suffix") if scan.glued(index + 1) else None
        if suffix:
            end = suffix[1]
        elif scan.is_mark(index + 1, ".", "°", "ª") and scan.glued(index + 1) and index + 2 < len(scan):
            end = index + 2
        else:
            counter = scan.word(index + 1, "unit_counter")
            return (Relative(counter[0], value), counter[1]) if counter else None
    unit = _unit(scan, end)
    if not unit or unit[0] not in {"day", "week", "month"} or (not options.whole and end == index):
        return None
    anchor, low, high, end = _attached(scan, unit[1], None, unit[0], value, None, False)
    if anchor is None and not options.whole:
        return None  # "the first month" of what?
    return Relative(unit[0], low, high, anchor), end


def _launch_first(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """Post-launch week 2, after launch: day 30, ローンチ2週間前, ローンチ後30日."""
    link = scan.word(at, "after") or scan.word(at, "before")
    if link and scan.word(at, "launch") is None:
        direction = 1 if scan.word(at, "after") else -1
        launch = scan.word(scan.after(link[1] + (1 if scan.is_mark(link[1], "-") else 0), "of"), "launch")
        index = launch[1] if launch else at
        index += 1 if launch and scan.is_mark(index, ":", "-", ",") else 0
        numbered = _unit_number(scan, index, options) if launch else None
        if numbered and not numbered[0].signed and numbered[0].anchor is None:
            low, high = numbered[0].offset, numbered[0].end
            if direction < 0:
                low, high = _sorted(-low, None if high is None else -high)
            return replace(numbered[0], offset=low, end=high, anchor="launch_day"), numbered[1]
        return None
    launch = scan.word(at, "launch_cjk")
    if not launch:
        return None
    index = scan.after(launch[1], "of")
    for word, direction in (("after", 1), ("before", -1)):
        found = scan.word(index, word)
        number = _number(scan, found[1]) if found else None
        unit = _unit(scan, number[1]) if number else None
        if number and unit:
            return Relative(unit[0], direction * number[0], None, "launch_day", True), unit[1]
    number = _number(scan, index)
    unit = _unit(scan, number[1]) if number else None
    if number and unit:
        for word, direction in (("after", 1), ("before", -1)):
            found = scan.word(unit[1], word)
            if found:
                return Relative(unit[0], direction * number[0], None, "launch_day", True), found[1]
    return None


def _launch_name(scan: Scanner, at: int, options: Options) -> tuple[Relative, int] | None:
    """Launch day, week of launch; "launch" and "go-live" alone only where the text is nothing else."""
    names = [("launch_week", "week"), ("launch_month", "month"), ("launch_day", "day")]
    if options.whole:
        names.append(("launch_alone", "day"))
    best: tuple[Relative, int] | None = None
    for name, unit in names:
        found = scan.word(at, name)
        if found and (best is None or found[1] > best[1]):
            offset = 1 if unit == "month" else 0
            best = Relative(unit, offset, None, "launch_day", True), found[1]
    return best
