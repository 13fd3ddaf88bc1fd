"""The demonstration's main launch: made from the sample plan, three days after its launch day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from apps.announcements.models import Announcement
from apps.announcements.services.approving import approve, submit
from apps.announcements.services.clock import go_live
from apps.announcements.services.receipts import Report, store
from apps.announcements.services.running import schedule
from apps.announcements.services.writing import change as change_announcement
from apps.announcements.services.writing import create_announcement
from apps.audience.selectors import matching
from apps.content.models import CalendarItem
from apps.content.services import set_status, split_item
from apps.core.actors import SYSTEM
from apps.core.clock import now, today_in
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord, Phase
from apps.launches.selectors import records as records_of
from apps.launches.services import launch as launches
from apps.launches.services.members import set_member
from apps.launches.services.records import add_record, change_record
from apps.metrics.models import Metric
from apps.metrics.services import measure
from apps.plans.samples import SAMPLE
from apps.plans.services.apply import apply_plan
from apps.plans.services.documents import read
from apps.plans.services.versions import save_version
from apps.portal.demo import reviewing
from apps.portal.demo.people import HOME, Company
from apps.rollouts.models import RolloutStep
from apps.rollouts.services import reach_step, set_phase_state
from apps.schedule.models import Placement
from apps.schedule.services.linking import add_dependency
from apps.schedule.services.placing import block, finish

# Calendar items by a word of their title: (who, team, status, channel's word).
WORK: dict[str, tuple[str, str, str, str]] = {
    "documentation": ("product", "Documentation", "published", "documentation"),
    "internal training": ("support", "Support", "published", ""),
    "blog post": ("marketing", "Marketing", "published", "blog"),
    "mails": ("success", "Customer success", "drafting", "outreach"),
    "launch announcement": ("marketing", "Marketing", "published", "blog"),
    "in-app": ("marketing", "Marketing", "", "in-app"),
    "success stories": ("success", "Customer success", "in_review", "outreach"),
    "usage figures": ("product", "Product", "idea", ""),
    "follow-up": ("marketing", "Marketing", "idea", "blog"),
}
# Metrics by a word of their title: unit, baseline, and one reading a day up to today.
READINGS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "completion": ("%", "52% on the old pages", ("58", "61", "60", "64", "67", "66", "71")),
    "page load": ("s", "3.1 s on the old pages", ("1.6", "1.5", "1.7", "1.5", "1.4", "1.5", "1.4")),
    "adoption": ("%", "18% of workspaces", ("18.2", "18.4", "18.9", "19.1", "19.0", "19.6", "20.1")),
    "satisfaction": ("%", "74% last quarter", ("79", "80", "78", "82", "84", "83", "84")),
    "reliability": ("%", "99.85% last year", ("99.97", "99.95", "99.98", "99.91", "99.96", "99.97", "99.96")),
    "error rate": ("%", "0.14% last quarter", ("0.12", "0.11", "0.13", "0.12", "0.11", "0.12", "0.12")),
    "support tickets": ("", "212 a week", ("31", "36", "41", "38", "35", "33", "30")),
}


def fly(company: Company) -> Launch:
    """Import the sample plan and bring the launch to where such a launch is three days in."""
    today = today_in(HOME, now())
    day = today - timedelta(days=3)
    actor = company.acting("marketing")
    plan = read(
        SAMPLE.read_text(encoding="utf-8"),
        accept_proposals=True,
        launch_day=day,
        rollout_start=day,
        file_name=SAMPLE.name,
    )
    launch = apply_plan(
        actor=actor, plan=plan, launch_day=day, rollout_start=day, zone=HOME, leave_open=True
    ).launch
    launch = launches.change_launch(actor=actor, launch=launch, values={"tier": 1})
    launch = launches.set_state(actor=actor, launch=launch, to="active")
    for key, role in (
        ("product", "editor"), ("engineering", "contributor"), ("success", "contributor"),
        ("support", "contributor"), ("sales", "contributor"), ("executive", "viewer"),
    ):  # fmt: skip
        set_member(actor=actor, launch=launch, user=company.people[key], role=role, team=company.team_of(key))
    save_version(actor=actor, launch=launch, summary="The plan as everybody agreed to it")
    _work(company, launch)
    _phases(company, launch)
    _readings(company, launch)
    _people(company, launch)
    _announcements(company, launch)
    _second_thoughts(company, launch)
    _waits(company, launch)
    reviewing.review(company, launch)
    reviewing.hold(company, launch)
    return Launch.objects.get(pk=launch.pk)


# What waits for what, by words of the titles, with the days between.
WAITS = (
    ("documentation", "launch announcement", 0),
    ("internal training", "launch announcement", 0),
    ("launch announcement", "thank-you note", 0),
    ("mails", "call the ten", 0),
    ("call the ten", "follow-up", 0),
    ("success stories", "follow-up", 0),
    ("usage figures", "follow-up", 0),
)


def _waits(company: Company, launch: Launch) -> None:
    """Say what waits for what; a pair whose thing the plan does not have is left out."""
    placed = {
        placement.title.lower(): placement.pk
        for placement in Placement.objects.filter(launch=launch, kind="calendar_entry")
    }
    for before, after, lag in WAITS:
        pair = [next((pk for title, pk in placed.items() if word in title), None) for word in (before, after)]
        if pair[0] and pair[1] and pair[0] != pair[1]:
            add_dependency(
                actor=company.acting("marketing"), launch=launch, before=pair[0], after=pair[1], lag=lag
            )


def _of(launch: Launch, key: str) -> list[LaunchRecord]:
    return records_of(launch, kinds.get(key))


def _work(company: Company, launch: Launch) -> None:
    """Split what names two pieces of work, give each to somebody, and do what is done by now."""
    actor = company.acting("marketing")
    for item in _of(launch, "calendar_entry"):
        # The last one is left as the plan says it, to show the offer.
        if isinstance(item, CalendarItem) and item.offers_split and "follow-up" not in item.title.lower():
            # The in-app part keeps the item's identity, which its announcement shares.
            titles = [part[:1].upper() + part[1:] for part in item.parts]
            split_item(actor=actor, item=item, titles=sorted(titles, key=lambda part: "app" not in part))
    channels = _of(launch, "channel")
    for item in _of(launch, "calendar_entry"):
        for word, (who, team, status, channel) in WORK.items():
            if word not in item.title.lower():
                continue
            values: dict[str, Any] = {"owner": company.people[who], "team": company.teams[team]}
            if channel:
                values["channel"] = next((each for each in channels if channel in each.title.lower()), None)
            changed = change_record(actor=actor, record=item, values=values)
            if status and isinstance(changed, CalendarItem):
                set_status(actor=actor, item=changed, status=status)
            break
    usage = Placement.objects.filter(launch=launch, title__icontains="usage figures").first()
    if usage is not None:
        block(actor=actor, placement=usage, reason="access to the analytics export")
    add = kinds.get("calendar_entry")
    when = kinds.facets(add)["when"]
    for title, who, said, channel in (
        ("Thank-you note to beta customers", "marketing", "T+1 days", "outreach"),
        ("Answer the first questions from the press", "marketing", "T+3 days", "blog"),
        ("Call the ten largest accounts", "success", "T+3 days", "outreach"),
    ):
        add_record(
            actor=actor,
            launch=launch,
            kind=add,
            values={
                "title": title,
                "owner": company.people[who],
                "team": company.team_of(who),
                "channel": next((each for each in channels if channel in each.title.lower()), None),
                "when": when.parse(said, add),
                "status": "drafting",
            },
        )
    _trainings(company, launch)


def _trainings(company: Company, launch: Launch) -> None:
    actor = company.acting("marketing")
    when = kinds.facets(kinds.get("training"))["when"]
    times = {
        "engineering": ("T-12 days", "engineering"),
        "support": ("T-9 days", "support"),
        "customer success": ("T-4 days", "success"),
        "sales": ("T+4 days", "sales"),
    }
    for training in _of(launch, "training"):
        team = next((team for team in times if training.title.lower().startswith(team)), None)
        if team is None:
            continue
        change_record(
            actor=actor,
            record=training,
            values={
                "when": when.parse(times[team][0], kinds.get("training")),
                "owner": company.people[times[team][1]],
            },
        )
    for placement in Placement.objects.filter(launch=launch, kind="training", ends_on__lt=launch.launch_day):
        if not placement.title.startswith("Customer"):
            finish(actor=actor, placement=placement)
    dated = {"video": "T-6 days", "documentation": "T-10 days", "webinar": "T+9 days", "best": "Week +2",
             "migration": "T-8 days", "templates": "T+5 days", "troubleshooting": "T+8 days"}  # fmt: skip
    for key in ("education", "enablement"):
        for record in _of(launch, key):
            time_said = next((said for word, said in dated.items() if word in record.title.lower()), None)
            if time_said:
                values = {
                    "when": when.parse(time_said, kinds.get(key)),
                    "owner": company.people["product"],
                }
                change_record(actor=actor, record=record, values=values)
    for placement in Placement.objects.filter(
        launch=launch, kind__in=["education", "enablement"], ends_on__lt=launch.launch_day
    ):
        finish(actor=actor, placement=placement)
    for review in _of(launch, "review")[:1]:
        change_record(actor=actor, record=review, values={"owner": company.people["product"]})
    for series in _of(launch, "office_hours"):
        change_record(
            actor=actor,
            record=series,
            values={
                "owner": company.people["support"], "cadence": "weekly", "local_start": time(9, 0),
                "length_minutes": 45, "seats": 20, "place": "Larkspur live room",
                "when": when.parse("T+6 days 09:00", kinds.get("office_hours")),
            },
        )  # fmt: skip


def _phases(company: Company, launch: Launch) -> None:
    actor = company.acting("marketing")
    owners = ("engineering", "product", "product")
    for phase, owner in zip(_of(launch, "phase"), owners, strict=False):
        change_record(actor=actor, record=phase, values={"owner": company.people[owner]})
    first = Phase.objects.filter(launch=launch).first()
    if first is None:
        return
    first = set_phase_state(actor=actor, phase=first, to="active")
    step = RolloutStep.objects.filter(phase=first).order_by("position").first()
    if step is not None:
        reach_step(actor=actor, step=step)


def _readings(company: Company, launch: Launch) -> None:
    """A reading a day from the week before until now, from the product's own figures."""
    actor = company.acting("product")
    for metric in _of(launch, "kpi"):
        if not isinstance(metric, Metric):
            continue
        found = next((each for word, each in READINGS.items() if word in metric.title.lower()), None)
        if found is None:
            continue
        unit, baseline, values = found
        change_record(actor=actor, record=metric, values={"unit": unit, "baseline": baseline})
        for ago, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
            measure(
                actor=actor,
                metric=metric,
                value=Decimal(value),
                observed_at=now() - timedelta(days=ago, minutes=40),
                window_days=1,
                source="product analytics",
            )


def _people(company: Company, launch: Launch) -> None:
    """Owners, and the prepared message, of what has to be ready for trouble."""
    actor = company.acting("marketing")
    owners = ("engineering", "engineering", "support", "marketing")
    for mitigation, owner in zip(_of(launch, "mitigation"), owners, strict=False):
        values: dict[str, Any] = {"owner": company.people[owner]}
        if "message" in mitigation.title.lower():
            values["prepared_message"] = (
                "We have switched the new settings pages off while we look into a problem. "
                "Your settings are safe and unchanged."
            )
        change_record(actor=actor, record=mitigation, values=values)
    for criterion in _of(launch, "rollback_criterion"):
        change_record(actor=actor, record=criterion, values={"owner": company.people["engineering"]})
    rules = ("role = engineering_manager", "role = platform_engineer", "role = tech_lead")
    for segment, rule in zip(_of(launch, "segment"), rules, strict=False):
        change_record(actor=actor, record=segment, values={"rule": rule})


def _second_thoughts(company: Company, launch: Launch) -> None:
    """A change of mind, kept as a version that can be compared with the first."""
    actor = company.acting("product")
    step = RolloutStep.objects.filter(launch=launch, percent=25).first()
    if step is not None:
        values = {"title": "20%", "percent": Decimal(20), "text": "20% of eligible workspaces"}
        change_record(actor=actor, record=step, values=values)
    save_version(actor=actor, launch=launch, summary="The second phase begins a little smaller")


def _seen_by_customers(announcement: Announcement) -> None:
    """What the product would report: two users of each account it is for, some of whom clicked or closed it."""
    at = now()
    accounts = matching(announcement.audience_rule).order_by("pk").values_list("external_id", flat=True)
    store(
        actor=SYSTEM,
        reports=[
            Report(
                announcement.pk, account, f"{account}-{user}", first_seen_at=at, last_seen_at=at,
                clicked_at=at if (number + user) % 4 == 0 else None,
                dismissed_at=at if (number + user) % 3 == 0 else None,
                shown_count=1 + (number + user) % 2,
            )
            for number, account in enumerate(accounts)
            for user in range(2)
        ],
    )  # fmt: skip


def _announcements(company: Company, launch: Launch) -> None:
    """One announcement that goes live tomorrow at three, one that is live, one that waits for approval."""
    author, approver = company.acting("marketing"), company.acting("product")
    drafted = Announcement.objects.filter(launch=launch).first()
    if drafted is not None:
        drafted = change_announcement(
            actor=author,
            announcement=drafted,
            values={
                "title": "All assistant settings, in one place",
                "body": "Your assistant's settings now live on **one page**. Decide once for the whole "
                "company, and adjust where it matters.\n\n"
                "- See which setting wins, and why\n- Change many projects at once",
                "action_label": "See what is new",
                "action_url": "https://larkspur.example/settings",
                "teams": [company.teams["Support"], company.teams["Customer success"]],
            },
        )  # fmt: skip
        drafted = submit(actor=author, announcement=drafted)
        drafted = approve(actor=approver, announcement=drafted)
        tomorrow = today_in(HOME, now()) + timedelta(days=1)
        starts = datetime.combine(tomorrow, time(15, 0), tzinfo=ZoneInfo(HOME))
        schedule(actor=author, announcement=drafted, starts_at=starts, ends_at=starts + timedelta(days=14))
    beta = create_announcement(
        actor=author,
        launch=launch,
        values={
            "title": "You are among the first",
            "body": "As a beta customer you see the new settings pages from today. Tell us what you think.",
            "audience": "Beta customers",
            "audience_rule": "plan in (team, business, enterprise) and seats >= 20",
            "action_label": "Open the settings",
            "action_url": "https://larkspur.example/settings",
            "most_shows": 5,
            "hours_between": 4,
            "translations": [
                {"language": "de", "title": "Sie sind unter den Ersten", "action_label": "Zu den Einstellungen",
                 "body": "Als Beta-Kunde sehen Sie ab heute die neuen Einstellungen. Sagen Sie uns, was Sie davon "
                 "halten."},
            ],
            "teams": [company.teams["Product"], company.teams["Marketing"], company.teams["Support"]],
        },
    )  # fmt: skip
    schedule(actor=author, announcement=approve(actor=approver, announcement=beta), starts_at=None)
    go_live()
    _seen_by_customers(beta)
    tip = create_announcement(
        actor=company.acting("marketing"),
        launch=launch,
        values={
            "title": "Tip: defaults for the whole company",
            "body": "Set it once under *Organization*, and every new project begins with it.",
            "audience": "Administrators",
        },
    )
    submit(actor=author, announcement=tip)
