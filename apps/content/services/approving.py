"""From drafting to approved: somebody asks, those the channel and the item name agree to exactly this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.accounts.services import notify
from apps.audit import services as audit
from apps.content import policies
from apps.content.linked import linked_to
from apps.content.models import Approval, ApprovalRule, ApprovalStep, CalendarItem, Reviewer
from apps.content.models.review import MOST_STEPS
from apps.content.reviewing import Review, review_of, reviews_of
from apps.content.services.changing import begin_anew
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.core.fields import validate_characters
from apps.launches import policies as launch_policies
from apps.launches.models import Channel, Member
from apps.launches.services import records
from apps.launches.signals import record_changed
from apps.launches.watching import watchers_of
from apps.schedule.services import placing

Status = CalendarItem.Status
MOST_REVIEWERS = 20
LONGEST_NOTE = 10_000


@dataclass(frozen=True)
class StepInput:
    """One step of a rule as somebody sets it: a person, or `needed` people of a team."""

    user: User | None = None
    team: Team | None = None
    needed: int = 1


def submit(*, actor: Actor, item: CalendarItem, version: int | None = None) -> CalendarItem:
    """Ask for approval; those whose turn it is find it in their inboxes. What all agreed to is approved at once."""
    launch_policies.require("records.work", actor, item)
    with transaction.atomic():
        item = _lock(item, version)
        if item.status not in {Status.IDEA, Status.DRAFTING, Status.IN_REVIEW}:
            raise Invalid(
                f"An item that is {item.get_status_display().lower()} is not submitted for review.",
                code="transition",
                field="status",
            )
        if item.status != Status.IN_REVIEW:
            item = records.change_record(actor=actor, record=item, values={"status": Status.IN_REVIEW})
        if item.status == Status.APPROVED:
            return item  # nothing was missing
        CalendarItem.objects.filter(pk=item.pk).update(
            submitted_by=actor.user.pk if actor.user is not None else None
        )
        item.submitted_by = actor.user.pk if actor.user is not None else None
        _go_on(actor, item)
    return item


def approve(*, actor: Actor, item: CalendarItem, note: str = "", version: int | None = None) -> CalendarItem:
    """Agree to what the item says now. When everybody asked has, it is approved.

    Where nothing is demanded, one editor's word is enough. Raises `NotAllowed` for one's own work and for who
    is not asked (or not yet, where the channel keeps an order), `Conflict` for a stale version.
    """
    policies.require_decide(actor, item)
    note = _note(note)
    with transaction.atomic():
        item = _lock(item, version)
        # Who wrote it may have changed since it was first read.
        policies.require_decide(actor, item)
        _require_open(item)
        review = review_of(item)
        if isinstance(actor.user, User) and review.has_agreed(actor.user):
            return item
        if not review.asks(actor, item):
            raise NotAllowed(_not_asked(review, actor), code="not_asked")
        _decide(actor, item, Approval.Decision.APPROVED, note, review)
        review = review_of(item)
        if review.is_complete and item.status in {Status.IDEA, Status.DRAFTING, Status.IN_REVIEW}:
            _conclude(actor, item, note)
        else:
            _ask(item, review)
    return item


def request_changes(
    *, actor: Actor, item: CalendarItem, note: str, version: int | None = None
) -> CalendarItem:
    """Send it back to drafting with a word why. Whoever is or was asked may do so, and editors."""
    policies.require_decide(actor, item)
    note = _note(note)
    if not note:
        raise Invalid("Say what should change.", field="note", code="empty")
    with transaction.atomic():
        item = _lock(item, version)
        policies.require_decide(actor, item)
        _require_open(item)
        review = review_of(item)
        user = actor.user
        concerned = isinstance(user, User) and (review.has_agreed(user) or review.asks(actor, item))
        if not concerned and not launch_policies.can_edit_launch(actor, item.launch):
            raise NotAllowed(_not_asked(review, actor), code="not_asked")
        _decide(actor, item, Approval.Decision.CHANGES, note, review)
        if item.status != Status.DRAFTING:
            _move_on(actor, item, Status.DRAFTING, "sent_back", note)
        involved = {*item.authors, item.submitted_by}
        _tell(item, actor, "returned", f"Changes asked for: {item.title}", note, involved)
    return item


def set_reviewers(
    *, actor: Actor, item: CalendarItem, users: Sequence[User], version: int | None = None
) -> CalendarItem:
    """Whose approval this item needs besides what its channel asks for. They are told when it is in review.

    Who works on an item asks more people; only an editor of the launch says that somebody's word is not needed.
    """
    launch_policies.require("records.work", actor, item)
    with transaction.atomic():
        item = _lock(item, version)
        wanted = {user.pk: user for user in users}
        if len(wanted) > MOST_REVIEWERS:
            raise Invalid(f"At most {MOST_REVIEWERS} people review one item.", field="reviewers")
        for user in wanted.values():
            if not user.is_active or not launch_policies.can_see_launch(user, item.launch):
                raise Invalid(f"{user} cannot see this launch.", field="reviewers", code="cannot_see")
        old = {reviewer.user_id: str(reviewer.user) for reviewer in item.reviewers.select_related("user")}
        if old.keys() == wanted.keys():
            return item
        if old.keys() - wanted.keys() and not launch_policies.can_edit_launch(actor, item.launch):
            raise NotAllowed("An editor of the launch takes reviewers away.", code="reviewers")
        item.reviewers.exclude(user__in=wanted).delete()
        Reviewer.objects.bulk_create(
            Reviewer(item=item, user=wanted[pk]) for pk in wanted.keys() - old.keys()
        )
        new = sorted(str(user) for user in wanted.values())
        touch(
            actor=actor, item=item, verb="reviewers_set", changes={"reviewers": [sorted(old.values()), new]}
        )
        if item.status == Status.IN_REVIEW:
            _go_on(actor, item)
    return item


def set_rule(
    *,
    actor: Actor,
    channel: Channel,
    steps: Sequence[StepInput],
    in_order: bool = False,
    version: int | None = None,
) -> ApprovalRule | None:
    """Whose approval everything on a channel needs; no steps: nobody's. What is approved already stays so
    until it says something else; what is in review and waits for nobody any more is approved."""
    launch_policies.require("launches.edit", actor, channel.launch)
    if len(steps) > MOST_STEPS:
        raise Invalid(f"A rule has at most {MOST_STEPS} steps.", field="steps")
    with transaction.atomic():
        channel = records.lock(channel)
        rule = ApprovalRule.objects.select_for_update().filter(channel=channel).first()
        if version is not None and version != (rule.version if rule else 0):
            raise Conflict(
                "Somebody else changed these rules since you opened them.",
                current=said(rule),
                version=rule.version if rule else 0,
            )
        before = said(rule)
        if not steps:
            if rule is not None:
                rule.delete()
            rule = None
        else:
            if rule is None:
                rule = ApprovalRule(channel=channel, version=0)
            rule.in_order = in_order
            rule.version += 1
            rule.save()
            rule.steps.all().delete()
            for position, wanted in enumerate(steps):
                _add_step(rule, position, wanted)
        after = said(rule)
        if before != after:
            audit.record(
                actor=actor,
                verb="channel.approval_rule_set",
                obj=channel,
                launch_id=channel.launch_id,
                changes={"approval": [before, after]},
            )
            _conclude_all(actor, channel)
    return rule


def said(rule: ApprovalRule | None) -> dict[str, object]:
    """A rule in words, for people and for the audit log."""
    if rule is None:
        return {}
    steps = [str(step) for step in rule.steps.select_related("user", "team")]
    return {"steps": steps, "in_order": rule.in_order}


def touch(
    *, actor: Actor, item: CalendarItem, verb: str, changes: dict[str, list[Any]], reason: str = ""
) -> None:
    """A locked item's next version and its audit event, for what hangs on it rather than being a column."""
    item.version += 1
    item.save()
    audit.record(
        actor=actor,
        verb=f"{item.kind}.{verb}",
        obj=item,
        launch_id=item.launch_id,
        changes=changes,
        reason=reason,
    )


def _add_step(rule: ApprovalRule, position: int, wanted: StepInput) -> None:
    step = ApprovalStep(
        rule=rule, position=position, user=wanted.user, team=wanted.team, needed=wanted.needed
    )
    try:
        step.full_clean(exclude=["rule"])
    except ValidationError as error:
        raise Invalid(
            f"Step {position + 1} names a person or a team, and how many of it (1 to 20).", field="steps"
        ) from error
    if wanted.team is not None:
        there = wanted.team.people.filter(is_active=True).count()
        if there < wanted.needed:
            raise Invalid(
                f"Step {position + 1} wants {wanted.needed} of {wanted.team}, which has {there}.",
                field="steps",
                code="too_few_people",
            )
    elif wanted.needed != 1:
        raise Invalid(f"Step {position + 1} names one person, who agrees once.", field="steps")
    step.save()


def _lock(item: CalendarItem, version: int | None) -> CalendarItem:
    item = records.lock(item)
    records.check_version(item, version)
    return item


def _require_open(item: CalendarItem) -> None:
    linked = linked_to([item]).get(item.pk)
    if linked is not None:
        raise Invalid(f"This is the {linked.kind} “{linked.title[:80]}”: approve it there.", code="linked")
    if item.is_closed:
        raise Invalid(
            f"An item that is {item.get_status_display().lower()} is not reviewed any more.",
            code="transition",
            field="status",
        )


def _not_asked(review: Review, actor: Actor) -> str:
    user = actor.user
    later = isinstance(user, User) and any(
        step.people is not None and user.pk in step.people and not step.is_open for step in review.steps
    )
    if later:
        return "It is not your turn yet: the channel asks one after the other."
    return "You are not asked to approve this item."


def _decide(actor: Actor, item: CalendarItem, decision: str, note: str, review: Review) -> None:
    Approval.objects.create(
        item=item,
        user=actor.user if isinstance(actor.user, User) else None,
        user_label=actor.label[:254],
        decision=decision,
        content_hash=review.content_hash,
        note=note,
    )
    verb = "agreed_to" if decision == Approval.Decision.APPROVED else "changes_asked"
    touch(actor=actor, item=item, verb=verb, changes={"content_hash": [None, review.content_hash]})


def _move_on(actor: Actor, item: CalendarItem, status: str, verb: str, note: str = "") -> None:
    """Another status by a decision: who was asked may decide it without being allowed to change the item."""
    old, item.status = item.status, status
    touch(actor=actor, item=item, verb=verb, changes={"status": [old, status]}, reason=note[:500])
    record_changed.send(sender=CalendarItem, record=item, actor=actor, created=False)


def _note(note: str) -> str:
    note = note.replace("\r\n", "\n").strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"Write at most {LONGEST_NOTE:,} characters.", field="note")
    try:
        validate_characters(note)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="note") from error
    return note


def _ask(item: CalendarItem, review: Review) -> None:
    """Tell those whose turn it is; once per content."""
    ids: set[int] = set()
    for step in review.waiting:
        agreed = {each.user_id for each in step.agreed}
        ids |= (step.people if step.people is not None else _editors(item)) - agreed
    if not item.launch.self_approval:
        ids -= {*item.authors, item.submitted_by}
    notify(
        users=[
            user
            for user in User.objects.filter(pk__in=ids, is_active=True)
            if launch_policies.can_see_launch(user, item.launch)
        ],
        kind="approval",
        title=f"For your approval: {item.title}",
        body=item.launch.name,
        url=address(item),
        source=f"item:{item.pk}:review:{review.content_hash[:16]}",
        launch_id=item.launch_id,
    )


def _editors(item: CalendarItem) -> frozenset[int]:
    roles = [Member.Role.OWNER, Member.Role.EDITOR]
    found = Member.objects.filter(launch=item.launch_id, role__in=roles, user__is_active=True)
    return frozenset(found.exclude(user__role=User.Role.VIEWER).values_list("user", flat=True))


def _go_on(actor: Actor, item: CalendarItem) -> None:
    """An item in review that waits for nobody any more is approved; else those whose turn it is are told."""
    review = review_of(item)
    if review.is_complete and not linked_to([item]):
        _conclude(actor, item)
    else:
        _ask(item, review)


def _conclude_all(actor: Actor, channel: Channel) -> None:
    """The same for what is in review on a channel whose rule is another now. Nobody is told anew: what waits
    for them is on their start page."""
    items = list(
        CalendarItem.objects.select_for_update()
        .filter(channel=channel, status=Status.IN_REVIEW)
        .order_by("pk")
    )
    linked = linked_to(items)
    for item, review in zip(items, reviews_of(items), strict=True):
        if review.is_complete and item.pk not in linked:
            item.launch = channel.launch
            _conclude(actor, item)


def _conclude(actor: Actor, item: CalendarItem, note: str = "") -> None:
    """Everybody asked agrees to what it says."""
    concerned = {*item.authors, item.submitted_by}
    begin_anew(item)
    _move_on(actor, item, Status.APPROVED, "approved")
    _tell(item, actor, "approved", f"Approved: {item.title}", note, concerned)


def _tell(
    item: CalendarItem, actor: Actor, kind: str, title: str, body: str, concerned: Iterable[int | None]
) -> None:
    """The owner, who worked on it or asked (`concerned`), and who watches it learn what was decided."""
    ids: set[int | None] = {item.owner_id, *concerned}
    people: Iterable[User] = User.objects.filter(pk__in=[pk for pk in ids if pk], is_active=True)
    told = {user.pk: user for user in [*people, *watchers_of(item)]}
    told.pop(actor.user.pk if actor.user is not None else 0, None)
    notify(
        users=[user for user in told.values() if launch_policies.can_see_launch(user, item.launch)],
        kind=f"item_{kind}",
        title=title,
        body=body[:500] or item.launch.name,
        url=address(item),
        source=f"item:{item.pk}:{kind}:{item.version}",
        launch_id=item.launch_id,
    )


def address(item: CalendarItem) -> str:
    """Where a notification leads."""
    placement = placing.find(item)
    if placement is None:
        return reverse("launches:record", args=[item.launch.slug, item.kind, item.pk])
    return reverse("content:item", args=[item.launch.slug, placement.pk])
