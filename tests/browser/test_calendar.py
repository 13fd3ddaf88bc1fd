"""The calendar in a real browser: every view by mouse and by keyboard, carried cards, two people at once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.test_screens import LAUNCH, SLUG, owner

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.schedule.models import Placement

pytestmark = [pytest.mark.browser]
__all__ = ["owner"]
CALENDAR = f"{LAUNCH}calendar/"
VIEWS = ["weeks", "month", "week", "list", "board"]


def add(title: str, when: str, **values: Any) -> Placement:
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.models import Launch
    from apps.launches.services.records import add_record
    from apps.schedule.models import Placement

    kind = kinds.get("calendar_entry")
    record = add_record(
        actor=SYSTEM, launch=Launch.objects.get(slug=SLUG), kind=kind,
        values={"title": title, "when": kinds.facets(kind)["when"].parse(when, kind), **values},
    )  # fmt: skip
    return Placement.objects.get(kind="calendar_entry", record_id=record.pk)


def carry(page: Any, card: Any, target: Any, *, drop: bool = True) -> None:
    """Press on a card, move in steps as a hand does, and let go over the target."""
    page.set_viewport_size({"width": 1440, "height": 1700})
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 45, box["y"] + 20, steps=3)
    goal = target.bounding_box()
    page.mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] - 8, steps=6)
    if drop:
        page.mouse.up()


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ("desktop", "light"),
        pytest.param("phone", "dark", marks=pytest.mark.full),
        pytest.param("desktop", "dark", marks=pytest.mark.full),
        pytest.param("phone", "light", marks=pytest.mark.full),
    ],
)
def test_every_view_is_accessible_and_as_wide_as_the_screen(
    open_page: Any, owner: User, size: str, theme: str
) -> None:
    page = open_page("/", owner, size=size, theme=theme)
    wrong: dict[str, list[str]] = {}
    paths = [f"{CALENDAR}?view={view}" for view in VIEWS]
    paths += [f"/calendar/?view={view}" for view in VIEWS[1:]]
    paths += [f"{CALENDAR}?view=list&group=team", f"{CALENDAR}?view=board&group=owner&density=compact",
              f"{CALENDAR}actuals/", f"{CALENDAR}quick/?line=post @nobody", "/calendar/views/"]  # fmt: skip
    for path in paths:
        page.goto(path)
        if found := violations(page):
            wrong[path] = found
        sideways = page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not sideways, f"{path} scrolls sideways at {size}"
    assert wrong == {}


def test_a_card_is_carried_to_another_day(open_page: Any, owner: User) -> None:
    placement = add("Carried post", "2031-03-05")
    page = open_page(f"{CALENDAR}?view=month&day=2031-03-01", owner)
    card = page.locator(".pill", has_text="Carried post")
    carry(page, card, page.locator('[data-drop-value="2031-03-13"]'))
    page.get_by_text("is on Thu 13 Mar 2031 now").wait_for()
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 13)
    expect(page.locator('[data-drop-value="2031-03-13"] .pill')).to_have_count(1)
    # Letting go is no click: the item's sheet stays closed.
    expect(page.locator("#sheet[open]")).to_have_count(0)
    assert violations(page) == []


def test_escape_puts_a_carried_card_back(open_page: Any, owner: User) -> None:
    placement = add("Carried post", "2031-03-05")
    page = open_page(f"{CALENDAR}?view=month&day=2031-03-01", owner)
    goal = page.locator('[data-drop-value="2031-03-13"]')
    carry(page, page.locator(".pill", has_text="Carried post"), goal, drop=False)
    expect(goal).to_have_class(re.compile("over"))
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".drag-ghost")).to_have_count(0)
    expect(page.locator("#calendar-live")).to_have_text("Nothing was moved.")
    page.wait_for_timeout(200)
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 5)


def test_cards_are_carried_to_weeks_and_to_states(open_page: Any, owner: User) -> None:
    from apps.content.models import CalendarItem

    placement = add("Carried post", "Week 0")
    page = open_page(CALENDAR, owner)
    columns = page.locator(".column[data-drop=week]")
    start = columns.filter(has=page.get_by_text("Carried post"))
    before = date.fromisoformat(start.get_attribute("data-drop-value"))
    wanted = (before + timedelta(weeks=1)).isoformat()
    carry(
        page,
        page.locator(".card", has_text="Carried post"),
        page.locator(f'[data-drop-value="{wanted}"] > header'),
    )
    page.get_by_text("“Carried post” is on").wait_for()
    placement.refresh_from_db()
    assert (placement.unit, placement.offset) == ("week", 1)

    page.goto(f"{CALENDAR}?view=board&q=Carried")
    goal = page.locator('.column[data-drop=status][data-drop-value="approved"]')
    carry(page, page.locator(".card", has_text="Carried post"), goal)
    page.get_by_text("“Carried post” is approved now").wait_for()
    assert CalendarItem.objects.get(pk=placement.record_id).status == "approved"


def test_what_is_published_is_not_carried_anywhere_and_says_why(open_page: Any, owner: User) -> None:
    placement = add("Out already", "2031-03-05", status="published")
    page = open_page(f"{CALENDAR}?view=month&day=2031-03-01", owner)
    page.expected_errors.append("422")
    carry(page, page.locator(".pill", has_text="Out already"), page.locator('[data-drop-value="2031-03-13"]'))
    page.get_by_text("is published, so it stays where it is").wait_for()
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 5)


@pytest.mark.parametrize("view", VIEWS)
def test_a_thing_is_moved_by_keyboard_alone_in_every_view(open_page: Any, owner: User, view: str) -> None:
    placement = add("Typed post", "2031-03-05")
    page = open_page(CALENDAR, owner)
    link = page.locator(f'#calendar .seg a[href$="view={view}"]')
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"view={view}"))
    page.goto(f"{page.url}&day=2031-03-05&q=Typed")
    page.locator(f"#move-{placement.pk}").focus()
    page.keyboard.press("Enter")
    field = page.locator("#sheet[open] #move-day")
    expect(field).to_be_focused()
    field.fill("2031-03-06")
    page.keyboard.press("Enter")
    page.get_by_text("is on Thu 6 Mar 2031 now").wait_for()
    expect(page.locator("#sheet[open]")).to_have_count(0)
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 6)


def test_two_people_moving_the_same_thing_see_yours_and_theirs(open_page: Any, owner: User) -> None:
    placement = add("Shared post", "2031-03-05")
    path = f"{CALENDAR}?view=month&day=2031-03-01"
    mine, theirs = open_page(path, owner), open_page(path, owner)
    mine.expected_errors.append("409")
    carry(
        theirs,
        theirs.locator(".pill", has_text="Shared post"),
        theirs.locator('[data-drop-value="2031-03-12"]'),
    )
    theirs.get_by_text("is on Wed 12 Mar 2031 now").wait_for()
    carry(mine, mine.locator(".pill", has_text="Shared post"), mine.locator('[data-drop-value="2031-03-13"]'))
    mine.locator(".conflict").wait_for()
    expect(mine.locator(".conflict")).to_contain_text("Thu 13 Mar 2031")
    expect(mine.locator(".conflict")).to_contain_text("Wed 12 Mar 2031")
    assert violations(mine) == []
    mine.get_by_role("button", name="Save mine over theirs").click()
    mine.get_by_text("is on Thu 13 Mar 2031 now").wait_for()
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 13)


def test_a_card_carried_on_a_stale_board_shows_yours_and_theirs(open_page: Any, owner: User) -> None:
    from apps.content.models import CalendarItem

    placement = add("Shared card", "2031-03-05")
    path = f"{CALENDAR}?view=board&q=Shared"
    mine, theirs = open_page(path, owner), open_page(path, owner)
    mine.expected_errors.append("409")
    for page, status in ((theirs, "approved"), (mine, "drafting")):
        goal = page.locator(f'.column[data-drop=status][data-drop-value="{status}"]')
        carry(page, page.locator(".card", has_text="Shared card"), goal)
        page.locator(".conflict, .toast").first.wait_for()
    expect(mine.locator(".conflict-sides")).to_contain_text("Approved")
    assert CalendarItem.objects.get(pk=placement.record_id).status == "approved"


def test_two_people_editing_the_same_row_see_yours_and_theirs(open_page: Any, owner: User) -> None:
    from apps.content.models import CalendarItem

    placement = add("Shared row", "2031-03-05")
    path = f"{CALENDAR}?view=list&q=Shared"
    mine, theirs = open_page(path, owner), open_page(path, owner)
    mine.expected_errors.append("409")
    for page in (mine, theirs):
        page.locator(f"#edit-{placement.pk}").click()
        page.locator(f"#row-{placement.pk}-title").wait_for()
    assert violations(mine) == []
    theirs.locator(f"#row-{placement.pk}-title").fill("Shared row, theirs")
    theirs.keyboard.press("Enter")
    theirs.get_by_text("“Shared row, theirs” is saved").wait_for()
    expect(theirs.locator(f"#row-{placement.pk} a:focus")).to_have_count(1)
    mine.locator(f"#row-{placement.pk}-title").fill("Shared row, mine")
    mine.keyboard.press("Enter")
    mine.locator(".conflict").wait_for()
    assert violations(mine) == []
    mine.get_by_role("button", name="Save mine over theirs").click()
    mine.get_by_text("“Shared row, mine” is saved").wait_for()
    assert CalendarItem.objects.get(pk=placement.record_id).title == "Shared row, mine"


@pytest.mark.parametrize("path", [f"{CALENDAR}?view=list", f"{CALENDAR}?view=board", "/calendar/?view=list"])
def test_many_are_changed_and_taken_back(open_page: Any, owner: User, path: str) -> None:
    from apps.content.models import CalendarItem

    for number in range(3):
        add(f"Bulk {number}", "2031-03-05")
    page = open_page(f"{path}&q=Bulk", owner)
    if "board" in path:
        # Boxes stand on cards only while somebody chooses.
        expect(page.locator("[data-select]").first).to_be_hidden()
        page.get_by_text("Choose several").click()
        assert violations(page) == []
    page.get_by_label("This page").check()
    expect(page.locator("[data-selected]")).to_have_text("3 selected")
    page.locator("#bulk-status").select_option("approved")
    page.locator("#bulk-change").focus()
    page.keyboard.press("Enter")
    page.get_by_text("3 items changed.").wait_for()
    assert CalendarItem.objects.filter(title__startswith="Bulk", status="approved").count() == 3
    assert violations(page) == []
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("3 items as before.").wait_for()
    assert not CalendarItem.objects.filter(title__startswith="Bulk", status="approved").exists()


def test_a_line_typed_in_the_calendar_of_all_goes_to_the_launch_beside_it(
    open_page: Any, owner: User
) -> None:
    from apps.content.models import CalendarItem

    page = open_page("/calendar/?view=list", owner)
    page.locator("#quick-launch").select_option(SLUG)
    page.locator("#quick-line").press_sequentially("Quick post T+5")
    page.locator("#quick-understood strong", has_text="Quick post").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("“Quick post” is on the calendar").wait_for()
    assert CalendarItem.objects.get(title="Quick post").launch.slug == SLUG
    # Its row is edited where it stands, and the list of all launches comes back.
    row = page.locator(".rows > li", has_text="Quick post")
    row.get_by_role("link", name="Edit Quick post").click()
    page.locator("input[name=title]").fill("Quicker post")
    page.keyboard.press("Enter")
    page.get_by_text("“Quicker post” is saved").wait_for()
    expect(page.locator("#filter-launch")).to_be_visible()
    assert violations(page) == []


def test_typing_shows_how_it_is_understood_before_anything_is_saved(open_page: Any, owner: User) -> None:
    from apps.content.models import CalendarItem

    page = open_page(f"{CALENDAR}?view=list", owner)
    page.expected_errors.append("422")
    page.keyboard.press("a")
    expect(page.locator("#quick-line")).to_be_focused()
    page.locator("#quick-line").press_sequentially("Quick post T-5 @nobodyatall")
    page.get_by_text("There is no team or person “nobodyatall” here.").wait_for()
    page.keyboard.press("Enter")
    page.locator("#quick-understood .field-error").wait_for()
    assert not CalendarItem.objects.filter(title__startswith="Quick").exists()
    page.locator("#quick-line").fill("Quick post T-5")
    # What was said before is dimmed until the answer to this line has come.
    expect(page.locator("#quick-understood .field-error")).to_have_count(0)
    page.locator("#quick-understood strong", has_text="Quick post").wait_for()
    assert violations(page) == []
    page.locator("#quick-line").press("Enter")
    page.get_by_text("“Quick post” is on the calendar").wait_for()
    expect(page.locator("#quick-line")).to_have_value("")
    expect(page.locator("#quick-line")).to_be_focused()


def test_saved_views_are_kept_by_keyboard(open_page: Any, owner: User) -> None:
    page = open_page(f"{CALENDAR}?view=board&state=late", owner)
    page.locator("#save-view").focus()
    page.keyboard.press("Enter")
    page.locator("#sheet[open] #save-name").fill("What is late")
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.get_by_text("“What is late” is saved").wait_for()
    expect(page.locator(".filter.set")).to_have_text(re.compile("What is late"))


@pytest.mark.parametrize("view", VIEWS)
def test_a_printed_calendar_is_the_calendar_alone(open_page: Any, owner: User, view: str) -> None:
    page = open_page(f"{CALENDAR}?view={view}", owner)
    page.set_viewport_size({"width": 1030, "height": 720})  # A4 landscape within its margins
    page.emulate_media(media="print")
    for gone in (".sidebar", ".topbar", ".calendar-filters, .filters", ".calendar-tools", "#quick", ".move-link",
                 "#bulk-form", ".card-do"):  # fmt: skip
        assert page.locator(f"{gone} >> visible=true").count() == 0, gone
    assert page.locator("#calendar a.cover >> visible=true").count() > 3
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
