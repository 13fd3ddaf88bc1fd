"""The API of follow-ups."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.audience.models import Account, Contact
from apps.audience.policies import works_with_customers
from apps.core.api.fields import STRICT_FIELDS, StrictSerializer, TextField, refuse_unknown
from apps.core.api.views import Changing, Creating, Listing, Retrieving
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches
from apps.work import policies, selectors, services
from apps.work.models import FollowUp


class VisibleLaunch(serializers.SlugRelatedField[Launch]):
    """A launch by its slug, if the actor may see it."""

    def get_queryset(self) -> QuerySet[Launch]:
        actor = getattr(self.context.get("view"), "actor", None)
        return Launch.objects.none() if actor is None else visible_launches(actor)


class VisibleContact(serializers.PrimaryKeyRelatedField[Contact]):
    """A contact by its id, for those who may see contacts."""

    def get_queryset(self) -> QuerySet[Contact]:
        actor = getattr(self.context.get("view"), "actor", None)
        return Contact.objects.all() if actor and works_with_customers(actor) else Contact.objects.none()


class FollowUpSerializer(serializers.ModelSerializer[FollowUp]):
    """A piece of work for one person. `account` is the account's id in the product.

    `script` is empty for those who may not see contacts, where there is one or a campaign wrote it.
    """

    serializer_field_mapping = STRICT_FIELDS
    launch = VisibleLaunch(slug_field="slug", required=False, allow_null=True)
    account = serializers.SlugRelatedField(
        slug_field="external_id", queryset=Account.objects.all(), required=False, allow_null=True
    )
    contact = VisibleContact(required=False, allow_null=True)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    follows = serializers.PrimaryKeyRelatedField[Any](read_only=True, allow_null=True)

    class Meta:
        model = FollowUp
        fields = [
            "id", "version", "title", "kind", "due_on", "owner", "launch", "account", "contact", "script", "state",
            "outcome", "notes", "follows", "closed_at", "escalated_at", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "version", "state", "outcome", "notes", "closed_at", "escalated_at", "created_at",
        ]  # fmt: skip

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def to_representation(self, instance: FollowUp) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not policies.can_read_script(self.context["view"].actor, instance):
            shown["script"] = ""
        return shown


class NextStepSerializer(StrictSerializer):
    """What comes after it."""

    title = TextField(max_length=500)
    due_on = serializers.DateField()
    kind = serializers.ChoiceField(choices=FollowUp.Kind.choices, required=False)


class FinishSerializer(StrictSerializer):
    """What came of it."""

    outcome = serializers.ChoiceField(choices=FollowUp.Outcome.choices, default="", allow_blank=True)
    notes = TextField(max_length=100_000, default="", allow_blank=True)
    next_step = NextStepSerializer(required=False, allow_null=True)


class FollowUpFilter(django_filters.FilterSet):
    """What the list can be narrowed by."""

    owner = django_filters.NumberFilter(field_name="owner")
    state = django_filters.ChoiceFilter(choices=FollowUp.State.choices)
    account = django_filters.CharFilter(field_name="account__external_id", max_length=200)
    launch = django_filters.CharFilter(field_name="launch__slug", max_length=80)
    due_before = django_filters.DateFilter(field_name="due_on", lookup_expr="lt")


class FollowUpsView(Listing, Retrieving, Creating, Changing):
    """Pieces of work for one person each."""

    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    queryset = FollowUp.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"due_on": "due_on", "id": "pk"}
    default_ordering = "due_on"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.visible(self.actor)

    def get_object(self) -> FollowUp:
        return selectors.follow_up(self.actor, self.kwargs["pk"])

    def guard(self, obj: Any | None) -> None:
        policies.require("work.add" if obj is None else "work.do", self.actor, obj)

    def create_from(self, values: dict[str, Any]) -> FollowUp:
        return services.add(actor=self.actor, values=values)

    def change_from(self, obj: FollowUp, values: dict[str, Any], version: int | None) -> FollowUp:
        return services.change(actor=self.actor, follow_up=obj, values=values, version=version)

    @extend_schema(request=FinishSerializer, responses=FollowUpSerializer)
    def finish(self, request: Request, pk: int) -> Response:
        """Close it with what came of it; a next step becomes a follow-up of its own."""
        obj = self.get_object()
        body = FinishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        return self.answer(
            services.finish(
                actor=self.actor,
                follow_up=obj,
                outcome=values["outcome"],
                notes=values["notes"],
                next_step=values.get("next_step"),
                version=self.version(obj),
            )
        )

    @extend_schema(request=None, responses=FollowUpSerializer)
    def cancel(self, request: Request, pk: int) -> Response:
        """Say that it is not needed any more."""
        obj = self.get_object()
        return self.answer(services.cancel(actor=self.actor, follow_up=obj, version=self.version(obj)))

    @extend_schema(request=None, responses=FollowUpSerializer)
    def reopen(self, request: Request, pk: int) -> Response:
        """Open it again."""
        obj = self.get_object()
        return self.answer(services.reopen(actor=self.actor, follow_up=obj, version=self.version(obj)))
