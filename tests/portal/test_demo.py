"""The demonstration: a launch in mid-flight and two smaller ones, in which every page has something to show."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import User
from apps.announcements.models import Announcement
from apps.core.clock import now, today_in
from apps.launches.models import Launch, Member, Phase
from apps.plans.models import PlanVersion
from apps.portal.demo.people import HOME, PEOPLE
from apps.schedule.tally import tally_of
from tests.portal.worlds import BACKEND

PATHS = [
    "", "plan/", "calendar/", "calendar/?view=list", "phases/", "metrics/", "announcements/", "versions/", "team/",
    "settings/", "audit/", "progress/", "plan.md",
]  # fmt: skip


@pytest.fixture
def demo(db: None, monkeypatch: pytest.MonkeyPatch) -> Launch:
    monkeypatch.setenv("DEMO_PASSWORD", "password-of-this-test")
    call_command("demo", verbosity=0)
    return Launch.objects.get(slug="larkspur-assistant-settings")


def test_the_main_launch_is_in_mid_flight(demo: Launch) -> None:
    assert demo.launch_day == today_in(HOME, now()) - timedelta(days=3)
    assert demo.state == "active"
    overall = tally_of(demo).overall
    assert overall.done
    assert overall.due
    assert overall.late
    assert overall.blocked
    assert overall.upcoming
    assert Phase.objects.filter(launch=demo, state="active", steps__reached_at__isnull=False).exists()
    states = set(Announcement.objects.filter(launch=demo).values_list("state", flat=True))
    assert {"scheduled", "live", "in_review"} <= states
    assert PlanVersion.objects.filter(launch=demo).count() == 2


def test_two_smaller_launches_stand_beside_it(demo: Launch) -> None:
    ahead = Launch.objects.get(slug="usage-dashboards")
    assert ahead.launch_day is not None
    assert ahead.launch_day > today_in(HOME, now())
    idea = Launch.objects.get(slug="single-sign-on-for-every-plan")
    assert (idea.state, idea.launch_day_precision) == ("draft", "quarter")


def test_there_is_one_person_per_role_who_signs_in_with_the_given_password(demo: Launch) -> None:
    assert User.objects.count() == len(PEOPLE)
    assert set(User.objects.values_list("role", flat=True)) == {"administrator", "member", "viewer"}
    assert set(Member.objects.filter(launch=demo).values_list("role", flat=True)) == {
        "owner", "editor", "contributor", "viewer",
    }  # fmt: skip
    client = Client()
    data = {"login": "support@larkspur.example", "password": "password-of-this-test"}
    assert client.post("/accounts/login/", data)["Location"] == "/"


def test_every_person_sees_every_page(demo: Launch) -> None:
    for person in User.objects.all():
        client = Client()
        client.force_login(person, backend=BACKEND)
        for path in ("/", "/launches/", "/launches/?view=timeline", "/calendar/", "/inbox/", "/palette/?q=a"):
            assert client.get(path).status_code == 200, (person, path)
        for launch in Launch.objects.all():
            for path in PATHS:
                if path == "plan.md" and launch != demo:
                    continue
                response = client.get(f"/launches/{launch.slug}/{path}")
                assert response.status_code == 200, (person, launch, path)


def test_it_is_made_only_where_nobody_is_yet(demo: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    count = Launch.objects.count()
    call_command("demo", if_empty=True, verbosity=0)
    with pytest.raises(CommandError, match="people here already"):
        call_command("demo", verbosity=0)
    assert Launch.objects.count() == count


def test_it_takes_less_than_ten_seconds_and_shows_a_password_it_made_up(db: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    out = StringIO()
    started = time.process_time()
    call_command("demo", stdout=out)
    assert time.process_time() - started < 10
    assert "Made 3 launches and 8 people." in out.getvalue()
    password = out.getvalue().split("password: ")[1].strip()
    assert User.objects.get(email="executive@larkspur.example").check_password(password)
