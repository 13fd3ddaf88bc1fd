"""Receipts: what users of the product did with announcements."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.authentication import TokenAuthentication
from apps.announcements.authentication import IdentityAuthentication, identity_of
from apps.announcements.models import IDENTITY_LENGTH
from apps.announcements.services import receipts
from apps.core.api.fields import StrictSerializer
from apps.core.api.views import ApiView


class ReportSerializer(StrictSerializer):
    """What one user did with one announcement so far. Sending it again changes nothing."""

    announcement = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    # Not trimmed: the feed takes ids as they are, and the two have to mean the same user.
    account = serializers.CharField(
        max_length=IDENTITY_LENGTH,
        trim_whitespace=False,
        required=False,
        help_text="With a token, and needed there.",
    )
    user = serializers.CharField(
        max_length=IDENTITY_LENGTH,
        trim_whitespace=False,
        required=False,
        help_text="With a token, and needed there.",
    )
    first_seen_at = serializers.DateTimeField(required=False, allow_null=True)
    last_seen_at = serializers.DateTimeField(required=False, allow_null=True)
    clicked_at = serializers.DateTimeField(required=False, allow_null=True)
    dismissed_at = serializers.DateTimeField(required=False, allow_null=True)
    shown_count = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=receipts.MOST_SHOWN,
        help_text="How often shown so far, in all.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A token says whom it reports about; an identity already did."""
        signed = self.context.get("identity") is not None
        for name in ("account", "user"):
            if signed and name in attrs:
                raise serializers.ValidationError({name: ["The identity says who this is: leave it out."]})
            if not signed and name not in attrs:
                raise serializers.ValidationError({name: ["This field is required."]})
        return attrs


class ReceiptsSerializer(StrictSerializer):
    """A batch of reports."""

    receipts = serializers.ListField(
        child=ReportSerializer(), allow_empty=False, max_length=receipts.MOST_REPORTS
    )


class StoredSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    stored = serializers.IntegerField(help_text="Users and announcements whose receipt is stored.")
    unknown = serializers.ListField(
        child=serializers.IntegerField(), help_text="Announcements that never were live: left out."
    )


class ReceiptsView(ApiView):
    """What users did with announcements: from the product's own server by a token of scope `feed`, from its
    pages by a signed identity, about that user alone."""

    authentication_classes = [IdentityAuthentication, TokenAuthentication]
    write_scope = "feed"

    @extend_schema(request=ReceiptsSerializer, responses=StoredSerializer)
    def post(self, request: Request) -> Response:
        """Merge a batch: earliest first seen, latest last seen, largest count. Order never matters."""
        identity = identity_of(request)
        body = ReceiptsSerializer(data=request.data, context={"identity": identity})
        body.is_valid(raise_exception=True)
        who = {"account": identity.account, "user": identity.user} if identity else {}
        reports = [receipts.Report(**{**row, **who}) for row in body.validated_data["receipts"]]
        stored = receipts.store(actor=self.actor, reports=reports, identity=identity)
        return Response({"stored": stored.receipts, "unknown": stored.unknown})
