"""The API of accounts, contacts, product users and saved segments."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.audience import policies, selectors
from apps.audience.models import Account, Contact, ProductUser, SavedSegment
from apps.audience.services import editing
from apps.audience.services.upserting import MOST, tally, upsert
from apps.core.api.fields import STRICT_FIELDS, StrictSerializer, TextField, refuse_unknown
from apps.core.api.views import ApiView, Changing, Creating, Listing, Removing, Retrieving
from apps.core.errors import NotFound


class _Strict(serializers.ModelSerializer[Any]):
    serializer_field_mapping = STRICT_FIELDS

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class AccountSerializer(_Strict):
    """A customer. `value` is what it is worth a year; `csm` the address of who looks after it."""

    csm = serializers.SlugRelatedField(
        slug_field="email", queryset=User.objects.filter(is_active=True), allow_null=True, required=False
    )
    attributes = serializers.JSONField(
        required=False, help_text="Names and values that segment rules ask for."
    )

    class Meta:
        model = Account
        fields = [
            "id", "version", "external_id", "name", "plan", "value", "health", "csm", "attributes",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "version", "created_at", "updated_at"]


class AccountFilter(django_filters.FilterSet):
    """What the list of accounts can be narrowed by; `rule` is a segment rule."""

    q = django_filters.CharFilter(method="by_text", max_length=200)
    external_id = django_filters.CharFilter(max_length=200)
    plan = django_filters.CharFilter(max_length=60)
    csm = django_filters.CharFilter(field_name="csm__email", max_length=254)
    rule = django_filters.CharFilter(method="by_rule", max_length=2000)

    def by_text(self, found: QuerySet[Account], _: str, value: str) -> QuerySet[Account]:
        return selectors.search(found, value)

    def by_rule(self, found: QuerySet[Account], _: str, value: str) -> QuerySet[Account]:
        return found.filter(pk__in=selectors.matching(value).values("pk"))


class AccountsView(Listing, Retrieving, Creating, Changing, Removing):
    """Customer accounts."""

    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    queryset = Account.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"name": "name", "id": "pk"}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.accounts(self.actor)

    def get_object(self) -> Account:
        return selectors.account(self.actor, self.kwargs["pk"])

    def guard(self, obj: Any | None) -> None:
        policies.require("accounts.change", self.actor)

    def create_from(self, values: dict[str, Any]) -> Account:
        return editing.save(actor=self.actor, obj=Account(), values=values)

    def change_from(self, obj: Account, values: dict[str, Any], version: int | None) -> Account:
        return editing.save(actor=self.actor, obj=obj, values=values, version=version)

    def remove(self, obj: Account, version: int | None) -> None:
        editing.remove(actor=self.actor, obj=obj, version=version)


class ContactSerializer(_Strict):
    """A person at an account. Personal data: only for those who work with customers."""

    account = serializers.CharField(source="account.external_id", read_only=True)

    class Meta:
        model = Contact
        fields = ["id", "version", "account", "email", "name", "role", "zone", "language", "is_active"]
        read_only_fields = ["id", "version"]


class ContactsView(Listing):
    """An account's contacts."""

    serializer_class = ContactSerializer
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        account = selectors.account(self.actor, self.kwargs["pk"])
        return selectors.contacts(self.actor, account).select_related("account")


class ProductUserSerializer(_Strict):
    """A user of the product at an account."""

    account = serializers.CharField(source="account.external_id", read_only=True)

    class Meta:
        model = ProductUser
        fields = ["id", "account", "external_id", "name", "email", "attributes"]


class ProductUsersView(Listing):
    """An account's users of the product."""

    serializer_class = ProductUserSerializer
    queryset = ProductUser.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        account = selectors.account(self.actor, self.kwargs["pk"])
        return selectors.users(self.actor, account).select_related("account")


class BulkSerializer(StrictSerializer):
    """Up to 1,000 rows. What a row leaves out stays as it is; an attribute given as null goes."""

    rows = serializers.ListField(child=serializers.DictField(), allow_empty=True, max_length=MOST)


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one row."""

    status = serializers.ChoiceField(choices=["created", "updated", "unchanged", "error"])
    key = serializers.CharField()
    id = serializers.IntegerField(source="pk", allow_null=True)
    problems = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), source="errors", help_text="By field."
    )


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """Figures, and an outcome per row in their order."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    error = serializers.IntegerField()
    results = BulkOutcomeSerializer(many=True)


class BulkView(ApiView):
    """Creating and changing many at once, by the ids the product gave. Rows that are right are kept."""

    what: ClassVar[str]

    @extend_schema(request=BulkSerializer, responses=BulkAnswerSerializer)
    def put(self, request: Request) -> Response:
        """Bring these rows in line; 200 with a result per row, also where some of them are wrong."""
        policies.require("accounts.change", self.actor)
        body = BulkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        outcomes = upsert(actor=self.actor, what=self.what, given=body.validated_data["rows"])
        return Response(BulkAnswerSerializer({**tally(outcomes), "results": outcomes}).data)


class AccountsBulkView(BulkView):
    what = "accounts"


class ContactsBulkView(BulkView):
    what = "contacts"


class ProductUsersBulkView(BulkView):
    what = "users"


class RuleSerializer(StrictSerializer):
    """A segment rule; empty stands for everybody."""

    rule = TextField(max_length=2000, allow_blank=True)


class ReachSerializer(serializers.Serializer[Any]):
    """How far a rule reaches now."""

    accounts = serializers.IntegerField()
    total = serializers.IntegerField()
    contacts = serializers.IntegerField(help_text="Active ones at these accounts.")
    sample = AccountSerializer(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text="Attributes the rule asks for that no account has."
    )


class ReachView(ApiView):
    """Trying a segment rule."""

    write_scope = "read"

    @extend_schema(request=RuleSerializer, responses=ReachSerializer)
    def post(self, request: Request) -> Response:
        """Count the accounts a rule holds for, with a few of them. Changes nothing."""
        body = RuleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(ReachSerializer(selectors.reach(self.actor, body.validated_data["rule"])).data)


class SavedSegmentSerializer(_Strict):
    """A rule with a name."""

    class Meta:
        model = SavedSegment
        fields = ["id", "version", "name", "description", "rule"]
        read_only_fields = ["id", "version"]


class SavedSegmentsView(Listing, Retrieving, Creating, Changing, Removing):
    """Segments that others start from."""

    serializer_class = SavedSegmentSerializer
    queryset = SavedSegment.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"name": "name", "id": "pk"}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.saved_segments(self.actor)

    def get_object(self) -> SavedSegment:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if not isinstance(found, SavedSegment):
            raise NotFound("There is no such segment.")
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require("accounts.change", self.actor)

    def create_from(self, values: dict[str, Any]) -> SavedSegment:
        return editing.save(actor=self.actor, obj=SavedSegment(), values=values)

    def change_from(self, obj: SavedSegment, values: dict[str, Any], version: int | None) -> SavedSegment:
        return editing.save(actor=self.actor, obj=obj, values=values, version=version)

    def remove(self, obj: SavedSegment, version: int | None) -> None:
        editing.remove(actor=self.actor, obj=obj, version=version)
