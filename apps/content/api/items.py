"""The content calendar's items as endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Team, User
from apps.content import services
from apps.content.models import CalendarItem
from apps.content.services import approving, bulk, quick
from apps.core.api.fields import StrictSerializer, TextField
from apps.launches import kinds, selectors
from apps.launches.api.records import RecordFilter, RecordsView
from apps.launches.api.serializers import record_serializer
from apps.launches.services.comments import watch


class ItemFilter(RecordFilter):
    """What the calendar can be narrowed by."""

    status = django_filters.MultipleChoiceFilter(choices=CalendarItem.Status.choices)
    channel = django_filters.NumberFilter(field_name="channel_id", min_value=1, max_value=2**31 - 1)
    team = django_filters.CharFilter(field_name="team__slug", max_length=60)


class SplitSerializer(StrictSerializer):
    """The pieces of work to make; those the plan names when left out."""

    titles = serializers.ListField(
        child=TextField(max_length=500), min_length=2, max_length=20, required=False
    )


class ItemDecisionSerializer(StrictSerializer):
    """A word on a decision; needed where changes are asked for."""

    note = TextField(max_length=10_000, required=False, allow_blank=True)


class WatchSerializer(StrictSerializer):
    """Whether one watches it."""

    on = serializers.BooleanField(default=True)


class ManyItemsFieldsSerializer(StrictSerializer):
    """What to set on all of them; what is left out stays. Null takes an owner, team or channel away."""

    status = serializers.ChoiceField(choices=CalendarItem.Status.choices, required=False)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True
    )
    channel = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1, help_text="A channel's id."
    )
    days = serializers.IntegerField(
        required=False, min_value=-3660, max_value=3660, help_text="How many days later; negative: earlier."
    )


class ManyItemsSerializer(StrictSerializer):
    """Which items, what to set, and (optional) the version of each that is meant."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=bulk.MOST_ITEMS,
    )
    change = ManyItemsFieldsSerializer()
    versions = serializers.DictField(child=serializers.IntegerField(min_value=1), required=False)

    def validate_versions(self, value: dict[str, int]) -> dict[int, int]:
        if not all(name.isascii() and name.isdecimal() and len(name) < 19 for name in value):
            raise serializers.ValidationError("Each name is the id of an item.")
        return {int(name): version for name, version in value.items()}


class ManyItemsResultSerializer(serializers.Serializer[Any]):
    """What became of one item: `changed`, `unchanged`, or the code of what stood in the way."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class ManyItemsAnswerSerializer(serializers.Serializer[Any]):
    """Whether it was done, which it is for all items or for none, and what became of each."""

    done = serializers.BooleanField()
    change = serializers.IntegerField(allow_null=True, help_text="What `bulk/{change}/undo/` takes back.")
    results = ManyItemsResultSerializer(many=True)


class LineSerializer(StrictSerializer):
    """One typed line; with `dry_run` only how it is understood."""

    text = TextField(max_length=100_000, allow_blank=True, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False)


class UnderstoodSerializer(serializers.Serializer[Any]):
    """How a line is understood. With `problems` nothing is saved."""

    title = serializers.CharField()
    when = serializers.CharField(allow_null=True)
    team = serializers.IntegerField(allow_null=True)
    owner = serializers.IntegerField(allow_null=True)
    channel = serializers.IntegerField(allow_null=True)
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ItemsView(RecordsView):
    """The items of the launch's content calendar."""

    kind_key = "calendar_entry"
    filterset_class = ItemFilter

    def _decide(self, request: Request, act: Callable[..., CalendarItem], *, wants_note: bool) -> Response:
        item = self.get_object()
        given: dict[str, Any] = {}
        if wants_note:
            body = ItemDecisionSerializer(data=request.data)
            body.is_valid(raise_exception=True)
            given["note"] = body.validated_data.get("note", "")
        act(actor=self.actor, item=item, version=self.version(item), **given)
        return self.answer(self.get_object())

    @extend_schema(request=None, responses=record_serializer("calendar_entry"))
    def submit(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for approval: those whose turn it is find it in their inboxes."""
        return self._decide(request, approving.submit, wants_note=False)

    @extend_schema(request=ItemDecisionSerializer, responses=record_serializer("calendar_entry"))
    def approve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Agree to exactly what it says now. When everybody asked has, it is approved."""
        return self._decide(request, approving.approve, wants_note=True)

    @extend_schema(request=ItemDecisionSerializer, responses=record_serializer("calendar_entry"))
    def changes(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send it back to drafting; the note says why."""
        return self._decide(request, approving.request_changes, wants_note=True)

    @extend_schema(request=WatchSerializer, responses=WatchSerializer)
    def watch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hear what happens to it in one's inbox, or not any more."""
        item = self.get_object()
        body = WatchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response({"on": watch(actor=self.actor, record=item, on=body.validated_data["on"])})

    @extend_schema(request=SplitSerializer, responses=record_serializer("calendar_entry")(many=True))
    def split(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one item for each piece of work that this one names; the first keeps its identity."""
        item = self.get_object()
        self.guard(item)
        body = SplitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = services.split_item(
            actor=self.actor,
            item=item,
            titles=body.validated_data.get("titles"),
            version=self.version(item),
        )
        return Response(self.read_serializer(self.loaded(list(made)), many=True).data)

    @extend_schema(request=ManyItemsSerializer, responses=ManyItemsAnswerSerializer)
    def bulk(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change many items: all of them, or none and 409 with what stood in each one's way."""
        self.guard(None)
        body = ManyItemsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        change = dict(body.validated_data["change"])
        if change.get("channel") is not None:
            change["channel"] = selectors.record(self.launch, kinds.get("channel"), change["channel"])
        outcome = bulk.bulk_change(
            actor=self.actor,
            launch=self.launch,
            ids=body.validated_data["ids"],
            change=change,
            versions=body.validated_data.get("versions"),
        )
        return _answer(outcome, code=200 if outcome.done else 409)

    @extend_schema(request=None, responses=ManyItemsAnswerSerializer)
    def undo(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the items of a change back what they held, except those that somebody has changed since."""
        self.guard(None)
        change = bulk.last_change(self.actor, self.launch, self.kwargs["change"])
        return _answer(bulk.undo(actor=self.actor, change=change))

    @extend_schema(
        request=LineSerializer,
        responses={200: UnderstoodSerializer, 201: record_serializer("calendar_entry")},
    )
    def quick(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add what one typed line says; with `dry_run` say how it is understood."""
        self.guard(None)
        body = LineSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        text = body.validated_data["text"]
        if body.validated_data["dry_run"]:
            line = quick.understand(actor=self.actor, launch=self.launch, text=text)
            names = {name: getattr(line, name) for name in ("team", "owner", "channel")}
            shown = {
                "title": line.title,
                "when": line.when.text if line.when else None,
                **{name: found.pk if found else None for name, found in names.items()},
                "problems": line.problems,
            }
            return Response(UnderstoodSerializer(shown).data)
        made = quick.add_by_line(actor=self.actor, launch=self.launch, text=text)
        answer = self.answer(selectors.record(self.launch, self.kind, made.pk), code=201)
        answer["Location"] = request.path.removesuffix("quick/") + f"{made.pk}/"
        return answer


def _answer(outcome: bulk.Outcome, code: int = 200) -> Response:
    shown = {
        "done": outcome.done,
        "change": outcome.change.pk if outcome.change else None,
        "results": outcome.results,
    }
    return Response(ManyItemsAnswerSerializer(shown).data, status=code)
