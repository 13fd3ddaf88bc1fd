"""Pages of campaigns: the list, the composer, progress, recipients and what waits for a decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from apps.audience.policies import works_with_customers
from apps.audit.models import Event
from apps.core import charts
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, integer, paginate, show, unchanged
from apps.delivery import selectors as delivered
from apps.delivery.models import Mailing
from apps.delivery.services import deciding
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.outreach import policies, selectors
from apps.outreach.forms import CampaignForm, StartForm
from apps.outreach.models import Campaign
from apps.outreach.services import running, trying, writing
from apps.outreach.source import audience

# What a bar of mails is made of: (label, states, tone).
PARTS = (
    ("Accepted", ("accepted",), "ok"),
    ("Sending", ("leased", "attempting"), "on"),
    ("Ready", ("ready",), "muted"),
    ("Uncertain", ("uncertain",), "warn"),
    ("Failed", ("failed", "dead"), "bad"),
    ("Suppressed", ("suppressed",), "rest"),
    ("Cancelled", ("cancelled",), "rest"),
)
# From here on a campaign is asked less often how far it is.
MANY = 20_000
SENDING = ("zone", "quiet_from", "quiet_until", "rate")


@launch_page()
def campaigns(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """A launch's campaigns."""
    context = {
        "launch": launch,
        "lines": selectors.lines(launch),
        "may_create": policies.can_create(request.actor, launch),
        "mails_url": _mails_url(request.actor),
        "page_title": "Outreach",
    }
    return show(request, "outreach/list.html", context)


@launch_page("GET", "POST")
def new(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """A new campaign."""
    policies.require("outreach.create", request.actor, launch)
    form = CampaignForm(
        request.POST or None,
        launch=launch,
        actor=request.actor,
        initial={
            "item": integer(request.GET.get("item")),
            "owner": request.user.pk,
            "sends_mail": True,
            "zone": launch.zone,
            "quiet_from": "20:00",
            "quiet_until": "08:00",
        },
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = writing.create(
                    actor=request.actor, launch=launch, values=form.values(), item=form.cleaned_data["item"]
                )
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"“{made.title[:80]}” is a draft now.", to=_address(made))
    return _form(request, launch, form, "New campaign", reverse("outreach:list", args=[launch.slug]), status)


@launch_page("GET", "POST")
def edit(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Change a campaign; a change of what was approved asks for approval again."""
    found = selectors.campaign(request.actor, pk, launch)
    policies.require("outreach.edit", request.actor, found)
    mailing = found.mailing
    initial = {name: getattr(found, name) for name in writing.FIELDS if name not in {"owner", "second_to"}}
    initial |= {name: getattr(mailing, name) for name in SENDING}
    initial |= {"owner": found.owner_id, "second_to": found.second_to_id, "version": found.version}
    form = CampaignForm(request.POST or None, launch=launch, campaign=found, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.values()
            if not found.may_be_edited:
                values = {name: value for name, value in values.items() if name in SENDING}
            try:
                writing.change(
                    actor=request.actor, campaign=found, values=values, version=form.cleaned_data["version"]
                )
            except Invalid as error:
                form.refuse(error)
            except Conflict as error:
                form.add_error(None, error.message)
                status = 409
            else:
                return done(request, "Saved.", to=_address(found))
    return _form(request, launch, form, "Edit the campaign", _address(found), status)


@launch_page()
def detail(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One campaign: what it says, how far it is, what waits for somebody."""
    found = selectors.campaign(request.actor, pk, launch)
    return _detail(request, found)


def _detail(
    request: LaunchRequest, found: Campaign, *, start: StartForm | None = None, status: int = 200
) -> HttpResponse:
    sees_people = policies.can_see_recipients(request.actor, found)
    contact = integer(request.GET.get("contact"))
    context: dict[str, Any] = {
        "launch": found.launch,
        "campaign": found,
        "mailing": found.mailing,
        **_progress(found),
        "preview": trying.preview(actor=request.actor, campaign=found, contact_id=contact)
        if sees_people and found.sends_mail and found.may_be_edited
        else None,
        "sees_people": sees_people,
        "may_edit": policies.can_edit(request.actor, found),
        "may_run": policies.can_run(request.actor, found),
        "may_approve": policies.can_approve(request.actor, found),
        "start": start
        or StartForm(auto_id="start-%s", initial={"zone": found.launch.zone, "version": found.version}),
        "zones": _zones(),
        "mails_url": _mails_url(request.actor),
        "events": Event.objects.filter(object_type="outreach.campaign", object_id=found.pk)[:12],
        "page_title": found.title,
        "crumbs": _crumbs(
            found.launch, {"label": "Outreach", "url": reverse("outreach:list", args=[found.launch.slug])}
        ),
    }
    if sees_people and found.mailing is not None:
        context["audience"] = audience(found).select_related("account")[: trying.SAMPLE]
        context["audience_total"] = audience(found).count()
        context["uncertain"] = delivered.uncertain(found.mailing)[:20]
    return show(request, "outreach/detail.html", context, status=status)


@launch_page()
def standing(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """The figures, polled while it runs; 304 while they are the same."""
    found = selectors.campaign(request.actor, pk, launch)
    context = {
        "launch": launch,
        "campaign": found,
        "mailing": found.mailing,
        "sees_people": policies.can_see_recipients(request.actor, found),
        **_progress(found),
    }
    # Everything the part shows: the figures hold rate and time left, the mailing why nothing goes out.
    same, etag = unchanged(
        request, found.state, context["figures"], context["follow_ups"], context["responses"], found.capped,
        context["mailing"].pause_reason, context["mailing"].problem, context["held"],
    )  # fmt: skip
    if same:
        return HttpResponse(status=304, headers={"ETag": etag})
    response = show(request, "outreach/progress.html", context)
    response["ETag"] = etag
    if request.GET.get("was", found.state) != found.state:
        # Another state has other buttons.
        response["HX-Refresh"] = "true"
    return response


def _progress(found: Campaign) -> dict[str, Any]:
    assert found.mailing is not None
    figures = delivered.figures(found.mailing)
    parts = [
        charts.Part(label, sum(figures.by_state[state] for state in states), tone)
        for label, states, tone in PARTS
    ]
    return {
        "figures": figures,
        "held": delivered.held_reason(found.mailing),
        "bar": charts.progress(parts, "Mails of this campaign", size="large"),
        "follow_ups": selectors.follow_ups(found),
        "responses": delivered.responses([found.mailing.pk])[found.mailing.pk],
        "polls": found.mailing.state
        in {Mailing.State.SCHEDULED, Mailing.State.SNAPSHOTTING, Mailing.State.RUNNING},
        # Counting a million rows takes a moment, and so does sending them.
        "poll_seconds": 3 if figures.total < MANY else 15,
    }


Step = Callable[[Actor, Campaign, LaunchRequest], Any]


def _seen(request: LaunchRequest) -> int | None:
    """The version that was on the page, so that nobody approves what they did not see."""
    return integer(request.POST.get("version"))


def _send_back(actor: Actor, found: Campaign, request: LaunchRequest) -> None:
    reason = request.POST.get("reason", "")[:2000]
    running.send_back(actor=actor, campaign=found, reason=reason, version=_seen(request))


def _test(actor: Actor, found: Campaign, request: LaunchRequest) -> None:
    trying.send_test(actor=actor, campaign=found, contact_id=integer(request.POST.get("contact")))


def _requeue(actor: Actor, found: Campaign, request: LaunchRequest) -> None:
    failed = request.POST.get("failed") == "1"
    deciding.requeue(actor=actor, mailing=_mailing(found), reason="By hand.", failed=failed)


STEPS: dict[str, tuple[Step, str]] = {
    "submit": (
        lambda actor, found, request: running.submit(actor=actor, campaign=found, version=_seen(request)),
        "Those who may approve it find it in their inbox.",
    ),
    "approve": (
        lambda actor, found, request: running.approve(actor=actor, campaign=found, version=_seen(request)),
        "Approved. It can be scheduled now.",
    ),
    "send-back": (_send_back, "Sent back."),
    "pause": (
        lambda actor, found, _: running.pause(actor=actor, campaign=found, reason="By hand."),
        "Paused. What is with the relay already goes on.",
    ),
    "resume": (lambda actor, found, _: running.resume(actor=actor, campaign=found), "It goes on."),
    "cancel": (
        lambda actor, found, _: running.cancel(actor=actor, campaign=found),
        "Cancelled. What was sent is not called back.",
    ),
    "test": (_test, "On its way to your own address."),
    "requeue": (_requeue, "They are tried once more."),
}


@launch_page("POST")
def step(request: LaunchRequest, launch: Launch, pk: int, name: str) -> HttpResponse:
    """One step of a campaign's life."""
    if name not in STEPS:
        raise NotFound("There is no such step.")
    found = selectors.campaign(request.actor, pk, launch)
    act, said = STEPS[name]
    act(request.actor, found, request)
    return done(request, said, to=_address(found))


@launch_page("POST")
def start(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Schedule an approved campaign, or let it start at once."""
    found = selectors.campaign(request.actor, pk, launch)
    policies.require("outreach.run", request.actor, found)
    form = StartForm(request.POST, auto_id="start-%s")
    if form.is_valid():
        try:
            running.schedule(
                actor=request.actor,
                campaign=found,
                starts_at=form.cleaned_data["starts_at"],
                version=form.cleaned_data["version"],
            )
        except Invalid as error:
            error.errors = {
                name.replace("starts_at", "starts"): texts for name, texts in error.errors.items()
            }
            form.refuse(error)
        else:
            return done(request, "It is scheduled.", to=_address(found))
    return _detail(request, found, start=form, status=422)


@launch_page()
def recipients(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Who gets it or got it, by state."""
    found = selectors.campaign(request.actor, pk, launch)
    chosen = request.GET.get("state", "")
    states = next((states for label, states, _ in PARTS if label.lower() == chosen), ())
    rows = selectors.recipients(request.actor, found, *states)
    text = request.GET.get("q", "").strip()[:200]
    if text:
        rows = (
            rows.filter(address__icontains=text)
            | rows.filter(name__icontains=text)
            | rows.filter(account__icontains=text)
        )
    figures = delivered.figures(_mailing(found))
    context = {
        "launch": launch,
        "campaign": found,
        "rows": paginate(request, rows.order_by("pk")),
        "chosen": chosen,
        "q": text,
        "choices": [
            (label.lower(), label, sum(figures.by_state[state] for state in states))
            for label, states, _ in PARTS
        ],
        "total": figures.total,
        "duplicates": figures.duplicates,
        "page_title": "Recipients",
        "crumbs": _crumbs(launch, {"label": found.title, "url": _address(found)}),
    }
    return show(request, "outreach/recipients.html", context)


@launch_page()
def duplicates(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Contacts who share an address with another one, and so have no mail of their own."""
    found = selectors.campaign(request.actor, pk, launch)
    context = {
        "launch": launch,
        "campaign": found,
        "rows": paginate(request, selectors.duplicates(request.actor, found)),
        "page_title": "Came twice",
        "crumbs": _crumbs(launch, {"label": found.title, "url": _address(found)}),
    }
    return show(request, "outreach/duplicates.html", context)


@launch_page("GET", "POST")
def recipient(request: LaunchRequest, launch: Launch, pk: int, delivery: int) -> HttpResponse:
    """One recipient's mail from snapshot to end; an uncertain one is decided here."""
    found = selectors.campaign(request.actor, pk, launch)
    row = selectors.recipient(request.actor, found, delivery)
    here = reverse("outreach:recipient", args=[launch.slug, pk, delivery])
    refusal = ""
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action == "replied":
                running.mark_replied(actor=request.actor, campaign=found, delivery=row)
                return done(request, "Noted: no second mail goes to them.", to=here)
            if action == "requeue":
                deciding.requeue(
                    actor=request.actor, mailing=_mailing(found), reason="By hand.", ids=[row.pk], failed=True
                )
                return done(request, "It is tried once more.", to=here)
            decision = cast(deciding.Decision, action)
            reason = request.POST.get("reason", "")
            deciding.decide(actor=request.actor, delivery=row, decision=decision, reason=reason)
        except Invalid as error:
            refusal = error.message
        else:
            return done(request, "Decided.", to=here)
    context = {
        "launch": launch,
        "campaign": found,
        "row": row,
        "timeline": delivered.timeline(row),
        "may_run": policies.can_run(request.actor, found),
        "may_edit": policies.can_edit(request.actor, found),
        "refusal": refusal,
        "page_title": row.name or row.address,
        "crumbs": _crumbs(launch, {"label": found.title, "url": _address(found)}),
    }
    return show(request, "outreach/recipient.html", context, status=422 if refusal else 200)


def _form(
    request: LaunchRequest, launch: Launch, form: CampaignForm, title: str, back: str, status: int
) -> HttpResponse:
    context = {
        "launch": launch,
        "form": form,
        "back": back,
        "zones": _zones(),
        "page_title": title,
        "crumbs": _crumbs(launch, {"label": "Outreach", "url": reverse("outreach:list", args=[launch.slug])}),
    }
    return show(request, "outreach/edit.html", context, status=status)


def _crumbs(launch: Launch, last: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"label": "Launches", "url": reverse("launches:list")},
        {"label": launch.name, "url": reverse("launches:overview", args=[launch.slug])},
        last,
    ]


def _mails_url(actor: Actor) -> str:
    """Where to read what was sent, if it is caught here and the actor may."""
    return reverse("portal:mails") if settings.CAUGHT_MAIL and works_with_customers(actor) else ""


def _address(found: Campaign) -> str:
    return reverse("outreach:detail", args=[found.launch.slug, found.pk])


def _mailing(found: Campaign) -> Mailing:
    assert found.mailing is not None
    return found.mailing


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())
