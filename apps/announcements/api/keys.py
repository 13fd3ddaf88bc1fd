"""Product keys as endpoints, for administrators."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.services import require_administrator
from apps.announcements.models import MOST_ORIGINS, ORIGIN, ProductKey
from apps.announcements.selectors.keys import product_key, product_keys
from apps.announcements.services import keys
from apps.core.api import idempotency
from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import Changing, Creating, Listing, Retrieving
from apps.core.errors import Invalid


class ProductKeySerializer(StrictSerializer):
    """A key with which a product's server signs identities. Never its secret."""

    id = serializers.IntegerField(read_only=True)
    name = TextField(max_length=120)
    key = serializers.CharField(read_only=True, help_text="Public: pages carry it.")
    origins = serializers.ListField(
        child=TextField(max_length=300, validators=[ORIGIN]),
        max_length=MOST_ORIGINS,
        required=False,
        help_text="Origins of its pages. Browsers elsewhere are refused.",
    )
    is_active = serializers.BooleanField(required=False)
    former_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when the former secret holds too."
    )
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class SecretSerializer(ProductKeySerializer):
    """A key with its secret, answered when it is made or rotated and never again."""

    secret = serializers.CharField(read_only=True)


class RotationSerializer(StrictSerializer):
    """How long both secrets hold."""

    days = serializers.IntegerField(min_value=0, max_value=keys.MOST_DAYS, required=False, default=7)


class ProductKeysView(Listing, Creating, Retrieving, Changing):
    """Product keys. Administrators only; tokens need the scope `admin`."""

    serializer_class = ProductKeySerializer
    queryset = ProductKey.objects.none()
    read_scope = write_scope = "admin"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST" and idempotency.key_of(request):
            # A repeated answer is kept for a day, and the secret with it.
            raise Invalid("Send no Idempotency-Key here: the answer holds a secret.", code="idempotency_key")
        super().initial(request, *args, **kwargs)
        require_administrator(self.actor)

    def get_queryset(self) -> QuerySet[Any]:
        return product_keys()

    def get_object(self) -> Any:
        return product_key(self.kwargs["pk"])

    @extend_schema(responses={201: SecretSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key. The answer holds its secret, this once."""
        values = self.values()
        if not values.get("is_active", True):
            raise Invalid("A new key is active.", field="is_active")
        made = keys.create_key(actor=self.actor, name=values["name"], origins=values.get("origins", []))
        headers = {"ETag": self.etag(made), "Location": self.location(made)}
        return Response(SecretSerializer(made).data, status=status.HTTP_201_CREATED, headers=headers)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> ProductKey:
        return keys.change_key(actor=self.actor, key=obj, values=values, version=version)

    @extend_schema(request=RotationSerializer, responses=SecretSerializer)
    def rotate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give it a new secret; the former one holds for `days` more (0: not at all)."""
        obj = self.get_object()
        body = RotationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rotated = keys.rotate_key(
            actor=self.actor, key=obj, days=body.validated_data["days"], version=self.version(obj)
        )
        return Response(SecretSerializer(rotated).data, headers={"ETag": self.etag(rotated)})
