"""Who approves what, as endpoints."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Team, User
from apps.content.models import ApprovalRule, CalendarItem
from apps.content.reviewing import Review, review_of
from apps.content.services import approving
from apps.content.services.approving import MOST_REVIEWERS, StepInput
from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer
from apps.core.api.views import ApiView
from apps.core.errors import NotFound
from apps.launches import kinds, selectors
from apps.launches.models import Channel


class ReviewDecisionSerializer(serializers.Serializer[Any]):
    """What somebody decided. `covers_this` is false if it said something else then."""

    user = serializers.IntegerField(source="user_id", allow_null=True)
    user_label = serializers.CharField()
    decision = serializers.CharField(help_text="approved or changes")
    note = serializers.CharField()
    content_hash = serializers.CharField()
    created_at = serializers.DateTimeField()


class ReviewStepSerializer(serializers.Serializer[Any]):
    """One demand: so many of these people. `is_open`: it is their turn."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field's own label is its class's
    needed = serializers.IntegerField()
    agreed = serializers.SerializerMethodField()
    is_open = serializers.BooleanField()
    is_done = serializers.BooleanField()

    def get_agreed(self, step: Any) -> list[str]:
        return [each.user_label for each in step.agreed]


class ReviewSerializer(serializers.Serializer[Review]):
    """How far the approval of an item has come. `content_hash` stands for what it says now."""

    content_hash = serializers.CharField()
    demanded = serializers.BooleanField(help_text="Whether a channel's rule or a reviewer asks for it.")
    is_complete = serializers.BooleanField()
    is_stale = serializers.BooleanField(help_text="Agreed to before, but it says something else now.")
    steps = ReviewStepSerializer(many=True)
    history = ReviewDecisionSerializer(many=True)


class ReviewersSerializer(StrictSerializer):
    """The people whose approval this item needs besides what its channel asks for."""

    users = serializers.ListField(
        child=serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True)),
        max_length=MOST_REVIEWERS,
        help_text="Ids of people.",
    )


class ApprovalStepSerializer(StrictSerializer):
    """A person, or `needed` people of a team (its slug)."""

    user = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True
    )
    needed = serializers.IntegerField(min_value=1, max_value=20, default=1)


class ApprovalRuleSerializer(StrictSerializer):
    """Whose approval everything on a channel needs. No steps: nobody's."""

    steps = ApprovalStepSerializer(many=True)
    in_order = serializers.BooleanField(
        default=False, help_text="A step is asked when the one before agreed."
    )


class _SetWhole(ApiView):
    """PUT of something that is set as a whole, with `If-Match` as any change of one object."""

    guarded = (*conditional.GUARDED, "PUT")

    def expected(self, stored: int) -> int | None:
        return conditional.expected_version(self.request, stored, guarded=self.guarded)


class _ItemView(ApiView):
    def item(self) -> CalendarItem:
        launch = selectors.launch_by_slug(self.actor, self.kwargs["slug"])
        found = selectors.record(launch, kinds.get(CalendarItem.kind), self.kwargs["item"])
        assert isinstance(found, CalendarItem)
        return found


class ReviewView(_ItemView):
    """How far the approval of an item has come."""

    @extend_schema(responses=ReviewSerializer)
    def get(self, request: Request, slug: str, item: int) -> Response:
        """The review of an item: its steps, who agreed to what it says now, every decision so far."""
        return Response(ReviewSerializer(review_of(self.item())).data)


class ReviewersView(_ItemView, _SetWhole):
    """Whose approval an item needs besides what its channel asks for. Their version is the item's."""

    @extend_schema(responses=ReviewersSerializer)
    def get(self, request: Request, slug: str, item: int) -> Response:
        """The item's own reviewers."""
        return self._answer(self.item())

    @extend_schema(request=ReviewersSerializer, responses=ReviewersSerializer)
    def put(self, request: Request, slug: str, item: int) -> Response:
        """Set the item's own reviewers."""
        found = self.item()
        version = self.expected(found.version)
        body = ReviewersSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        users = body.validated_data["users"]
        return self._answer(
            approving.set_reviewers(actor=self.actor, item=found, users=users, version=version)
        )

    def _answer(self, item: CalendarItem) -> Response:
        users = list(item.reviewers.values_list("user", flat=True))
        return Response({"users": users}, headers={"ETag": conditional.tag(item.version)})


class ApprovalRuleView(_SetWhole):
    """Whose approval everything on a channel needs. Its version is 0 where there is no rule."""

    def channel(self) -> Channel:
        launch = selectors.launch_by_slug(self.actor, self.kwargs["slug"])
        found = selectors.record(launch, kinds.get("channel"), self.kwargs["channel"])
        if not isinstance(found, Channel):
            raise NotFound("There is no such channel in this launch.")
        return found

    @extend_schema(responses=ApprovalRuleSerializer)
    def get(self, request: Request, slug: str, channel: int) -> Response:
        """The rule of a channel; no steps: there is none."""
        return self._answer(self._rule(self.channel()))

    @extend_schema(request=ApprovalRuleSerializer, responses=ApprovalRuleSerializer)
    def put(self, request: Request, slug: str, channel: int) -> Response:
        """Set the rule of a channel as a whole."""
        found = self.channel()
        stored = self._rule(found)
        version = self.expected(stored.version if stored else 0)
        body = ApprovalRuleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        steps = [
            StepInput(each.get("user"), each.get("team"), each["needed"])
            for each in body.validated_data["steps"]
        ]
        return self._answer(
            approving.set_rule(
                actor=self.actor,
                channel=found,
                steps=steps,
                in_order=body.validated_data["in_order"],
                version=version,
            )
        )

    def _rule(self, channel: Channel) -> ApprovalRule | None:
        return ApprovalRule.objects.filter(channel=channel).first()

    def _answer(self, rule: ApprovalRule | None) -> Response:
        steps = rule.steps.select_related("team") if rule else ()
        said = {
            "steps": [
                {"user": step.user_id, "team": step.team and step.team.slug, "needed": step.needed}
                for step in steps
            ],
            "in_order": bool(rule and rule.in_order),
        }
        return Response(said, headers={"ETag": conditional.tag(rule.version if rule else 0)})
