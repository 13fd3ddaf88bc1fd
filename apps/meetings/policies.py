"""Who plans series, runs sessions and sees who comes: the launch's editors, whose record it is, and hosts."""

from __future__ import annotations

from apps.accounts.models import User
from apps.audience.policies import works_with_customers
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed, NotFound
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord
from apps.launches.policies import can_edit_launch, can_see_launch, can_work_on_record
from apps.meetings.models import Absence, Hosting, Occurrence, Series


def record_of(series: Series) -> LaunchRecord | None:
    """What the app above keeps the series for; None once it is removed."""
    found: LaunchRecord | None = (
        kinds.get(series.kind)
        .model._default_manager.filter(pk=series.record_id, launch=series.launch_id)
        .first()
    )
    return found


def can_see_series(actor: Actor, series: Series) -> bool:
    return can_see_launch(actor, series.launch)


def can_edit_series(actor: Actor, series: Series) -> bool:
    """Whoever may work on the record it belongs to."""
    if can_edit_launch(actor, series.launch):
        return True
    record = record_of(series)
    return record is not None and can_work_on_record(actor, record)


def can_run_session(actor: Actor, occurrence: Occurrence) -> bool:
    """Its hosts, and who may edit its series."""
    if actor.is_system:
        return True
    person = actor.user
    hosts = (
        isinstance(person, User)
        and person.is_active
        and actor.may("write")
        and occurrence.series.launch.state != Launch.State.ARCHIVED
        and Hosting.objects.filter(occurrence=occurrence, user=person).exists()
    )
    return hosts or can_edit_series(actor, occurrence.series)


def can_see_attendees(actor: Actor, occurrence: Occurrence) -> bool:
    """Names and addresses of customers: who runs the session, and who works with customers anyway."""
    return can_run_session(actor, occurrence) or (
        works_with_customers(actor) and can_see_launch(actor, occurrence.series.launch)
    )


def can_change_absence(actor: Actor, absence: Absence) -> bool:
    """One's own; administrators anybody's."""
    person = actor.user
    if actor.is_system:
        return True
    return (
        isinstance(person, User)
        and person.is_active
        and actor.may("write")
        and (person.pk == absence.user_id or person.is_administrator)
    )


permissions.register(
    {
        "meetings.see": can_see_series,
        "meetings.edit": can_edit_series,
        "meetings.run": can_run_session,
        "meetings.attendees": can_see_attendees,
        "meetings.absence": can_change_absence,
    }
)

_REFUSALS = {
    "meetings.edit": "Only who may work on it in this launch may change the series.",
    "meetings.run": "Only its hosts and who may change the series may do this.",
    "meetings.attendees": "Only its hosts and who works with customers see who comes.",
    "meetings.absence": "Everybody says for themselves when they are out of office.",
}


def require(rule: str, actor: Actor, obj: Series | Occurrence | Absence) -> None:
    """Raise `NotFound` for what the actor may not see, `NotAllowed` for what they may not do."""
    if permissions.allows(rule, actor, obj):
        return
    if not isinstance(obj, Absence) and not can_see_launch(actor, obj.launch):
        raise NotFound("There is no such session, or it is not shared with you.")
    raise NotAllowed(_REFUSALS[rule])
