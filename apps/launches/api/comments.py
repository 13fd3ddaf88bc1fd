"""What people say about the records of a plan."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from apps.core.api import conditional
from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.core.api.views import Creating, Listing, Removing
from apps.core.errors import NotFound
from apps.launches import kinds, policies, selectors
from apps.launches.models import Comment, LaunchRecord
from apps.launches.services import comments

UNCHANGING = 1  # the only version a comment ever has


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment in Markdown. `author` is a person's id, null when they are gone; `author_label` stays."""

    serializer_field_mapping = STRICT_FIELDS
    author = serializers.PrimaryKeyRelatedField[Any](read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "text", "author", "author_label", "created_at"]
        read_only_fields = ["id", "author", "author_label", "created_at"]

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class CommentsView(Listing, Creating, Removing):
    """Comments on one record, oldest first. They are added and taken back, never changed."""

    serializer_class = CommentSerializer
    queryset = Comment.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"created_at": "created_at"}
    default_ordering = "created_at"

    @cached_property
    def record(self) -> LaunchRecord:
        launch = selectors.launch_by_slug(self.actor, self.kwargs["slug"])
        return selectors.record(launch, kinds.get(self.kwargs["kind"]), self.kwargs["record"])

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.comments_of(self.record)

    def get_object(self) -> Comment:
        found: Comment | None = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such comment on this record.")
        found.launch = self.record.launch
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require(
            *(
                ("records.comment", self.actor, self.record)
                if obj is None
                else ("comments.remove", self.actor, obj)
            )
        )

    def etag(self, obj: Any) -> str:
        return conditional.tag(UNCHANGING)

    def version(self, obj: Any) -> int | None:
        return conditional.expected_version(self.request, UNCHANGING)

    def create_from(self, values: dict[str, Any]) -> Comment:
        return comments.add_comment(actor=self.actor, record=self.record, text=values["text"])

    def remove(self, obj: Any, version: int | None) -> None:
        comments.remove_comment(actor=self.actor, record=self.record, pk=obj.pk)
