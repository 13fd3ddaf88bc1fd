"""An item's checklist, links and files as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.content.downloads import download_of
from apps.content.models import Asset, CalendarItem, ChecklistEntry, ItemLink
from apps.content.services import material
from apps.core.api import conditional
from apps.core.api.fields import STRICT_FIELDS, StrictSerializer, refuse_unknown
from apps.core.api.views import Creating, Listing, Removing
from apps.core.errors import NotFound
from apps.launches import kinds, policies, selectors

UNCHANGING = 1  # these are added and taken away, and have no version of their own


class _Strict(serializers.ModelSerializer[Any]):
    serializer_field_mapping = STRICT_FIELDS

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class ChecklistSerializer(_Strict):
    """Something to do for an item."""

    class Meta:
        model = ChecklistEntry
        fields = ["id", "text", "done_at", "done_by", "created_at"]
        read_only_fields = ["id", "done_at", "done_by", "created_at"]


class LinkSerializer(_Strict):
    """An http or https address that belongs to an item."""

    class Meta:
        model = ItemLink
        fields = ["id", "kind", "title", "url", "created_at"]
        read_only_fields = ["id", "created_at"]
        validators: ClassVar[list[Any]] = []


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """A file of an item; `size` in bytes."""

    class Meta:
        model = Asset
        fields = ["id", "name", "size", "sha256", "media_type", "uploaded_by", "created_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer[Any]):
    """One file as multipart/form-data."""

    file = serializers.FileField(allow_empty_file=True)


class EntryDoneSerializer(StrictSerializer):
    """Whether it is done (the default) or open again."""

    done = serializers.BooleanField(default=True)


class _OfItem(Listing, Creating, Removing):
    """What hangs on one item."""

    related: ClassVar[str]
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk"}

    @cached_property
    def item(self) -> CalendarItem:
        launch = selectors.launch_by_slug(self.actor, self.kwargs["slug"])
        found = selectors.record(launch, kinds.get(CalendarItem.kind), self.kwargs["item"])
        assert isinstance(found, CalendarItem)
        return found

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.get_serializer_class().Meta.model._default_manager.none()  # type: ignore[attr-defined,no-any-return]
        found: QuerySet[Any] = getattr(self.item, self.related).all()
        return found

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("This item has no such thing.")
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require("records.work", self.actor, self.item)

    def etag(self, obj: Any) -> str:
        return conditional.tag(UNCHANGING)

    def version(self, obj: Any) -> int | None:
        return conditional.expected_version(self.request, UNCHANGING)


class ChecklistView(_OfItem):
    """The checklist of an item, in its order."""

    serializer_class = ChecklistSerializer
    queryset = ChecklistEntry.objects.none()
    related = "checklist"
    ordering_fields: ClassVar[dict[str, str]] = {"position": "position"}
    default_ordering = "position"

    def create_from(self, values: dict[str, Any]) -> ChecklistEntry:
        return material.add_entry(actor=self.actor, item=self.item, text=values["text"])

    def remove(self, obj: Any, version: int | None) -> None:
        material.remove_entry(actor=self.actor, item=self.item, pk=obj.pk)

    @extend_schema(request=EntryDoneSerializer, responses=ChecklistSerializer)
    def done(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it is done, or open again."""
        entry = self.get_object()
        body = EntryDoneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = body.validated_data["done"]
        return self.answer(material.tick_entry(actor=self.actor, item=self.item, pk=entry.pk, done=done))


class LinksView(_OfItem):
    """The links of an item."""

    serializer_class = LinkSerializer
    queryset = ItemLink.objects.none()
    related = "links"

    def create_from(self, values: dict[str, Any]) -> ItemLink:
        return material.add_link(actor=self.actor, item=self.item, **values)

    def remove(self, obj: Any, version: int | None) -> None:
        material.remove_link(actor=self.actor, item=self.item, pk=obj.pk)


class AssetsView(_OfItem):
    """The files of an item: one at a time as multipart/form-data, at most 25 MiB."""

    serializer_class = AssetSerializer
    queryset = Asset.objects.none()
    related = "assets"
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AssetSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Keep a file with the item. What was approved asks for approval again."""
        self.guard(None)
        body = UploadSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asset = material.add_asset(actor=self.actor, item=self.item, upload=body.validated_data["file"])
        return self.answer(asset, code=201)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def download(self, request: Request, *args: Any, **kwargs: Any) -> FileResponse:
        """The file."""
        return download_of(self.get_object())

    def remove(self, obj: Any, version: int | None) -> None:
        material.remove_asset(actor=self.actor, item=self.item, pk=obj.pk)
