"""Who gets a campaign's mail, as endpoints for those who may see contacts."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import Listing, Retrieving
from apps.delivery import selectors as delivered
from apps.delivery.models import Delivery, DeliveryEvent, Duplicate
from apps.delivery.services import deciding
from apps.outreach import selectors
from apps.outreach.models import Campaign
from apps.outreach.services import running


class RecipientSerializer(serializers.ModelSerializer[Delivery]):
    """One recipient's mail. Personal data."""

    class Meta:
        model = Delivery
        fields = [
            "id", "recipient_kind", "recipient_id", "name", "address", "account", "state", "attempts", "message_id",
            "reply", "reason", "not_before", "settled_at",
        ]  # fmt: skip


class DuplicateSerializer(serializers.ModelSerializer[Duplicate]):
    """A contact without a mail of their own. Personal data."""

    address = serializers.CharField(source="first.address", read_only=True)
    first = serializers.IntegerField(source="first_id", help_text="The mail that goes to this address.")

    class Meta:
        model = Duplicate
        fields = ["id", "recipient_kind", "recipient_id", "name", "account", "address", "first"]


class DuplicatesView(Listing):
    """Contacts whose address came before in the same campaign."""

    serializer_class = DuplicateSerializer
    queryset = Duplicate.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.duplicates(self.actor, selectors.campaign(self.actor, self.kwargs["pk"]))


class RecipientFilter(django_filters.FilterSet):
    """What the recipients can be narrowed by."""

    state = django_filters.MultipleChoiceFilter(choices=Delivery.State.choices)
    address = django_filters.CharFilter(max_length=254)


class DecisionSerializer(StrictSerializer):
    """What a person found out about a mail of which nobody knows whether it went out."""

    decision = serializers.ChoiceField(choices=["sent", "not_sent", "send_again"])
    reason = TextField(max_length=500, help_text="How they know.")


class RecipientEventSerializer(serializers.ModelSerializer[DeliveryEvent]):
    """One thing that happened to a mail."""

    class Meta:
        model = DeliveryEvent
        fields = ["kind", "at", "attempt", "detail"]


class RecipientsView(Listing, Retrieving):
    """Who gets a campaign's mail, for those who may see contacts."""

    serializer_class = RecipientSerializer
    filterset_class = RecipientFilter
    queryset = Delivery.objects.none()
    lookup_url_kwarg = "row"

    @cached_property
    def campaign(self) -> Campaign:
        return selectors.campaign(self.actor, self.kwargs["pk"])

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.recipients(self.actor, self.campaign)

    def get_object(self) -> Delivery:
        return selectors.recipient(self.actor, self.campaign, self.kwargs["row"])

    def etag(self, obj: Any) -> str:
        # A row has no version; what may change of it are its state and its answers.
        return conditional.tag(obj.round, obj.attempts, obj.state)

    @extend_schema(responses=RecipientEventSerializer(many=True))
    def events(self, request: Request, pk: int, row: int) -> Response:
        """What happened to one mail, the oldest first."""
        return Response(RecipientEventSerializer(delivered.timeline(self.get_object()), many=True).data)

    @extend_schema(request=DecisionSerializer, responses=RecipientSerializer)
    def decide(self, request: Request, pk: int, row: int) -> Response:
        """Settle an uncertain mail. `send_again` risks a second copy."""
        found = self.get_object()
        body = DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.answer(deciding.decide(actor=self.actor, delivery=found, **body.validated_data))

    @extend_schema(request=None, responses=RecipientSerializer)
    def replied(self, request: Request, pk: int, row: int) -> Response:
        """Note that this recipient answered, so that no further mail of the sequence goes to them."""
        found = self.get_object()
        running.mark_replied(actor=self.actor, campaign=self.campaign, delivery=found)
        return self.answer(self.get_object())
