"""Charts: what is drawn is what the numbers say, and the numbers are always there as text."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from apps.core.charts import Part, Point, bars, figure, line, nice_marks, progress, sparkline

PARTS = [Part("Done", 6, "ok"), Part("Late", 1, "warn"), Part("Planned", 3, "rest")]


def widths(markup: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)%"', markup)]


def test_the_parts_of_a_progress_bar_fill_it_and_follow_each_other() -> None:
    markup = progress(PARTS, "Calendar")
    assert widths(markup) == [60, 10, 30]
    assert re.findall(r'<rect x="([\d.]+)%"', markup) == ["0", "60", "70"]


def test_every_part_is_named_with_its_count_even_when_nothing_is_drawn_of_it() -> None:
    markup = progress([Part("Done", 0, "ok"), Part("Failed", 17, "bad")], "Mail")
    assert len(widths(markup)) == 1
    assert "Done</dt><dd>0</dd>" in markup
    assert "Failed</dt><dd>17</dd>" in markup


def test_a_progress_bar_of_nothing_is_an_empty_track() -> None:
    assert widths(progress([Part("Done", 0)], "Nothing")) == []


def test_hidden_counts_stay_for_screen_readers() -> None:
    assert '<dl class="visually-hidden">' in progress(PARTS, "Calendar", counts=False)


@pytest.mark.parametrize("draw", [progress, bars])
def test_labels_are_escaped(draw: object) -> None:
    assert callable(draw)
    markup = draw([Part("<script>", 1, "ok")], '"><b>')
    assert "<script>" not in markup
    assert "<b>" not in markup


def test_no_chart_carries_an_inline_style() -> None:
    points = [Point("1 Nov", 3), Point("2 Nov", 5)]
    for markup in (
        progress(PARTS, "x"),
        bars(PARTS, "x"),
        sparkline(points, "x", goal=4),
        line(points, "x", goal=4),
    ):
        assert "style=" not in markup


def test_a_sparkline_says_where_it_begins_ends_and_aims() -> None:
    markup = sparkline([Point("a", 52), Point("b", 71)], "Configuration completed", unit="%", goal=60)
    assert 'aria-label="Configuration completed: 52% to 71%, 2 readings, goal 60%"' in markup


def test_a_gap_in_the_readings_is_a_gap_in_the_line() -> None:
    markup = sparkline([Point("a", 1), Point("b", 2), Point("c", None), Point("d", 3)], "Tickets")
    assert markup.count('class="line"') == 2


def test_no_readings_are_said_and_not_drawn() -> None:
    assert "no readings" in sparkline([Point("a", None)], "Tickets")
    assert line([], "Tickets") == ""


def test_equal_readings_draw_a_level_line() -> None:
    markup = sparkline([Point("a", 5), Point("b", 5)], "Level")
    path = re.search(r'class="line" d="([^"]+)"', markup)
    assert path
    assert path[1] == "M0 14L96 14"


def test_the_greatest_bar_is_full_and_the_others_are_shares_of_it() -> None:
    assert widths(bars([Part("Docs", 20), Part("Sales", 5)], "By team"))[1::2] == [100, 25]


def test_the_readings_of_a_line_stand_in_a_table_too() -> None:
    markup = line(
        [Point("1 Nov", Decimal("1.40")), Point("2 Nov", None)], "Page load", unit=" s", goal=Decimal(2)
    )
    assert '<th scope="row">1 Nov</th><td class="n">1.4 s</td>' in markup
    assert '<td class="n">no reading</td>' in markup
    assert "goal 2 s" in markup


def test_axis_marks_are_round_and_enclose_readings_and_goal() -> None:
    assert nice_marks(0, 97) == [0, 25, 50, 75, 100]
    assert nice_marks(3, 3)[0] < 3 < nice_marks(3, 3)[-1]
    assert nice_marks(0, 1, goal=9)[-1] >= 9
    with pytest.raises(ValueError):
        nice_marks(0, float("inf"))


def test_figures_are_short_and_keep_their_thousands_apart() -> None:
    assert [figure(value) for value in (11700, 1.5, Decimal("2.345"), 100, 0)] == [
        "11,700",
        "1.5",
        "2.34",
        "100",
        "0",
    ]
