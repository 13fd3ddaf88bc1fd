"""How far the approval of an item has come: its steps, who agreed to what it says now, whose turn it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from apps.accounts.models import Team, User
from apps.content.fingerprint import fingerprint
from apps.content.models import Approval, ApprovalStep, Asset, CalendarItem, Reviewer
from apps.core.actors import Actor
from apps.launches.policies import can_edit_launch

_AGREED = Approval.Decision.APPROVED


@dataclass
class Step:
    """One demand on an item: so many (`needed`) of these people. `people` is None for: any editor."""

    label: str
    needed: int
    people: frozenset[int] | None
    agreed: list[Approval] = field(default_factory=list)
    is_open: bool = True

    @property
    def is_done(self) -> bool:
        return len(self.agreed) >= self.needed


@dataclass(frozen=True)
class Review:
    """The approval of an item as it stands.

    `demanded`: a rule or a reviewer asks for it; else one editor's word is enough and nothing waits for it.
    `history` holds every decision, newest first; `is_stale`: agreed to before, but it says something else now.
    """

    content_hash: str
    steps: list[Step]
    demanded: bool
    history: list[Approval]

    @property
    def is_complete(self) -> bool:
        return all(step.is_done for step in self.steps)

    @property
    def is_stale(self) -> bool:
        return not any(step.agreed for step in self.steps) and any(
            each.decision == _AGREED and each.content_hash != self.content_hash for each in self.history
        )

    @property
    def waiting(self) -> list[Step]:
        """The steps that are open and not done."""
        return [step for step in self.steps if step.is_open and not step.is_done]

    def has_agreed(self, user: User) -> bool:
        return any(each.user_id == user.pk for step in self.steps for each in step.agreed)

    def asks(self, actor: Actor, item: CalendarItem) -> bool:
        """Whether it is this person's turn."""
        user = actor.user
        if not isinstance(user, User) or self.has_agreed(user):
            return False
        return any(
            user.pk in step.people if step.people is not None else can_edit_launch(actor, item.launch)
            for step in self.waiting
        )


def review_of(item: CalendarItem) -> Review:
    """The review of one item, at most five queries."""
    return reviews_of([item])[0]


def reviews_of(items: Sequence[CalendarItem]) -> list[Review]:
    """The reviews of items as they are in memory, in their order. Five queries, however many."""
    ids = [item.pk for item in items if item.pk]
    files: dict[int, list[str]] = defaultdict(list)
    for pk, digest in Asset.objects.filter(item__in=ids).values_list("item", "sha256"):
        files[pk].append(digest)
    history: dict[int, list[Approval]] = defaultdict(list)
    decisions = Approval.objects.filter(item__in=ids).select_related("user")
    for approval in decisions.order_by("-created_at", "-id"):
        history[approval.item_id].append(approval)
    own: dict[int, list[Step]] = defaultdict(list)
    for reviewer in Reviewer.objects.filter(item__in=ids).select_related("user"):
        own[reviewer.item_id].append(Step(str(reviewer.user), 1, frozenset({reviewer.user_id})))
    rules = _rules({item.channel_id for item in items if item.channel_id})
    return [
        _review(
            fingerprint(item, files[item.pk]),
            history[item.pk],
            own[item.pk],
            *rules.get(item.channel_id or 0, (False, [])),
        )
        for item in items
    ]


def _review(
    content_hash: str, history: list[Approval], own: list[Step], in_order: bool, ruled: Sequence[Step]
) -> Review:
    # Items of one channel share its rule, never who agreed.
    steps = [*own, *(replace(step) for step in ruled)]
    demanded = bool(steps)
    if not steps:
        steps = [Step("An editor of the launch", 1, None)]
    agreed = _last_words(history, content_hash)
    before_done = True
    for index, step in enumerate(steps):
        step.agreed = [each for each in agreed if step.people is None or (each.user_id or 0) in step.people]
        # Reviewers are asked at once; the order is the channel's own.
        if in_order and index >= len(own):
            step.is_open = before_done
            before_done = before_done and step.is_done
    return Review(content_hash, steps, demanded, history)


def _last_words(history: Sequence[Approval], content_hash: str) -> list[Approval]:
    """Who agreed to exactly this and did not take it back since, in the order they did."""
    last: dict[int, Approval] = {}
    for each in history:  # newest first
        if each.content_hash == content_hash and each.user_id is not None:
            last.setdefault(each.user_id, each)
    return sorted((each for each in last.values() if each.decision == _AGREED), key=lambda each: each.pk)


def _rules(channels: Collection[int]) -> dict[int, tuple[bool, list[Step]]]:
    """The rule of each channel that has one: whether it keeps an order, and its steps. Two queries."""
    found = list(
        ApprovalStep.objects.filter(rule__channel__in=channels).select_related("rule", "user", "team")
    )
    members = _members([step.team_id for step in found if step.team_id])
    rules: dict[int, tuple[bool, list[Step]]] = {}
    for step in found:
        people = frozenset({step.user_id}) if step.user_id else members.get(step.team_id or 0, frozenset())
        _, steps = rules.setdefault(step.rule.channel_id, (step.rule.in_order, []))
        steps.append(Step(str(step), step.needed, people))
    return rules


def _members(team_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    if not team_ids:
        return {}
    found: dict[int, set[int]] = {}
    people = Team.objects.filter(pk__in=team_ids, people__is_active=True).values_list("pk", "people")
    for team, person in people:
        found.setdefault(team, set()).add(person)
    return {team: frozenset(people) for team, people in found.items()}
