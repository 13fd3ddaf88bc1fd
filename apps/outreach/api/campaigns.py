"""Campaigns as endpoints: written, approved, run, with figures that add up."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.content.models import CalendarItem
from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField, ZoneField
from apps.core.api.views import Changing, Creating, Listing, Retrieving
from apps.core.errors import Invalid, NotFound
from apps.delivery import selectors as delivered
from apps.delivery.services import deciding
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug
from apps.outreach import policies, selectors
from apps.outreach.models import Campaign
from apps.outreach.services import running, trying, writing
from apps.work.models import FollowUp

ACTIONS: tuple[str, ...] = (
    "submit",
    "approve",
    "send_back",
    "schedule",
    "pause",
    "resume",
    "cancel",
    "preview",
    "test",
    "requeue",
)


class ResponsesSerializer(serializers.Serializer[Any]):
    """How many recipients did what; each counts once. Clicks are counted only where the campaign tracks links."""

    replied = serializers.IntegerField()
    clicked = serializers.IntegerField()
    bounced = serializers.IntegerField()
    complained = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()


class MailFiguresSerializer(serializers.Serializer[Any]):
    """Mails by state; they always add up to `total`."""

    total = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())
    duplicates = serializers.IntegerField(help_text="Contacts whose address came before; they have no mail.")
    rate = serializers.FloatField(help_text="Mails accepted a second, over the last minute.")
    responses = ResponsesSerializer()


class CampaignSerializer(StrictSerializer):
    """A campaign. What is not listed as writable follows from what was done with it."""

    id = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    launch = serializers.SlugField(source="launch.slug", read_only=True)
    state = serializers.CharField(
        read_only=True, help_text="draft, in_review, approved, scheduled, running, ..."
    )
    title = TextField(max_length=200)
    goal = TextField(max_length=100_000, required=False, allow_blank=True)
    owner = serializers.PrimaryKeyRelatedField[User](
        required=False, allow_null=True, queryset=User.objects.filter(is_active=True)
    )
    rule = TextField(
        max_length=2000, required=False, allow_blank=True, help_text="A segment rule. Empty: all accounts."
    )
    roles = serializers.ListField(child=TextField(max_length=120), max_length=20, required=False)
    sends_mail = serializers.BooleanField(required=False)
    subject = TextField(max_length=500, required=False, allow_blank=True)
    body = TextField(max_length=20_000, required=False, allow_blank=True, trim_whitespace=False)
    second_to = serializers.PrimaryKeyRelatedField[Campaign](
        required=False, allow_null=True, queryset=Campaign.objects.all()
    )
    wait_days = serializers.IntegerField(min_value=1, max_value=365, required=False)
    track_links = serializers.BooleanField(
        required=False, help_text="Count who follows links; covered by the approval."
    )
    makes_follow_ups = serializers.BooleanField(required=False)
    follow_up_kind = serializers.ChoiceField(choices=FollowUp.Kind.choices, required=False)
    follow_up_title = TextField(max_length=200, required=False, allow_blank=True)
    follow_up_script = TextField(max_length=20_000, required=False, allow_blank=True)
    follow_up_days = serializers.IntegerField(min_value=0, max_value=365, required=False)
    zone = ZoneField(required=False, source="mailing.zone")
    quiet_from = serializers.TimeField(required=False, allow_null=True, source="mailing.quiet_from")
    quiet_until = serializers.TimeField(required=False, allow_null=True, source="mailing.quiet_until")
    rate = serializers.FloatField(
        required=False, allow_null=True, min_value=0.01, max_value=10_000, source="mailing.rate"
    )
    item = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**63 - 1,
        source="item_id",
        help_text="The calendar item that it is, sharing its place. Set when it is made.",
    )
    placement = serializers.IntegerField(source="placement_id", read_only=True, allow_null=True)
    starts_at = serializers.DateTimeField(read_only=True, allow_null=True, source="mailing.starts_at")
    approved_at = serializers.DateTimeField(read_only=True, allow_null=True, source="mailing.approved_at")
    figures = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(MailFiguresSerializer)
    def get_figures(self, campaign: Campaign) -> Any:
        known = self.context.get("figures")
        return (figures_of([campaign]) if known is None else known).get(campaign.pk)


def figures_of(campaigns: Sequence[Campaign]) -> dict[int, dict[str, Any]]:
    """What became of each campaign's mails, by the campaigns' ids. At most five queries."""
    mailings = [each.mailing for each in campaigns if each.mailing is not None]
    figures = delivered.figures_of(mailings)
    responses = delivered.responses(figures)
    names = ("total", "by_state", "duplicates", "rate")
    return {
        each.pk: dict(
            MailFiguresSerializer(
                {name: getattr(figures[each.mailing_id], name) for name in names}
                | {"responses": responses[each.mailing_id]}
            ).data
        )
        for each in campaigns
        if each.mailing_id is not None
    }


def _values(validated: dict[str, Any]) -> dict[str, Any]:
    """Flat, as the services take it."""
    found = dict(validated)
    found |= found.pop("mailing", {})
    return found


class LaunchCampaignsView(Listing, Creating):
    """The campaigns of one launch."""

    serializer_class = CampaignSerializer
    queryset = Campaign.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk"}
    default_ordering = "-id"

    @cached_property
    def launch(self) -> Launch:
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.campaigns(self.launch)

    def loaded(self, rows: list[Any]) -> list[Any]:
        self.figures = figures_of(rows)
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "figures": getattr(self, "figures", None)}

    def guard(self, obj: Any | None) -> None:
        policies.require("outreach.create", self.actor, self.launch)

    def create_from(self, values: dict[str, Any]) -> Campaign:
        item_id, item = values.pop("item_id", None), None
        if item_id is not None:
            items = CalendarItem.objects.select_related("launch").filter(launch=self.launch, pk=item_id)
            item = items.first()
            if item is None:
                raise Invalid("There is no such calendar item in this launch.", field="item")
        return writing.create(actor=self.actor, launch=self.launch, values=_values(values), item=item)

    def etag(self, obj: Any) -> str:
        return _tag(obj)

    def location(self, obj: Any) -> str:
        return f"/api/v1/campaigns/{obj.pk}/"


def _tag(campaign: Campaign) -> str:
    mailing = campaign.mailing
    return conditional.tag(campaign.version, mailing.version if mailing else 0)


class StartSerializer(StrictSerializer):
    """When it starts; left out: at once."""

    starts_at = serializers.DateTimeField(required=False, allow_null=True)


class CampaignReasonSerializer(StrictSerializer):
    """Why, for those who wonder later."""

    reason = TextField(max_length=2000, required=False, allow_blank=True, default="")


class WhomSerializer(StrictSerializer):
    """As which contact; left out: the first of the audience."""

    contact = serializers.IntegerField(required=False, allow_null=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """A mail as one contact would get it, or in `refusal` why they would get none."""

    contact = serializers.IntegerField(source="contact.pk")
    address = serializers.CharField(source="contact.email")
    sender = serializers.CharField()
    reply_to = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()
    refusal = serializers.CharField()


class RequeueSerializer(StrictSerializer):
    """Which rows get another try."""

    failed = serializers.BooleanField(
        default=False, help_text="Those that were refused too, not only given up."
    )
    reason = TextField(max_length=500)


class RequeuedSerializer(serializers.Serializer[Any]):
    """How many get one."""

    rows = serializers.IntegerField()


class CampaignsView(Retrieving, Changing):
    """One campaign, and what can be done with it."""

    serializer_class = CampaignSerializer
    queryset = Campaign.objects.none()

    def get_object(self) -> Campaign:
        return selectors.campaign(self.actor, self.kwargs["pk"])

    def guard(self, obj: Any | None) -> None:
        if isinstance(obj, Campaign):
            policies.require("outreach.edit", self.actor, obj)

    def etag(self, obj: Any) -> str:
        return _tag(obj)

    def change_from(self, obj: Campaign, values: dict[str, Any], version: int | None) -> Campaign:
        changed = writing.change(actor=self.actor, campaign=obj, values=_values(values), version=version)
        return selectors.campaign(self.actor, changed.pk)

    def _after(self, changed: Campaign) -> Response:
        return self.answer(selectors.campaign(self.actor, changed.pk))

    def _body(self, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        body = serializer_class(data=self.request.data)
        body.is_valid(raise_exception=True)
        found: dict[str, Any] = body.validated_data
        return found

    @extend_schema(request=None)
    def submit(self, request: Request, pk: int) -> Response:
        """Ask for approval."""
        obj = self.get_object()
        return self._after(running.submit(actor=self.actor, campaign=obj, version=self.version(obj)))

    @extend_schema(request=None)
    def approve(self, request: Request, pk: int) -> Response:
        """Approve it as it is now. Nobody approves their own work unless the launch allows it."""
        obj = self.get_object()
        return self._after(running.approve(actor=self.actor, campaign=obj, version=self.version(obj)))

    @extend_schema(request=CampaignReasonSerializer)
    def send_back(self, request: Request, pk: int) -> Response:
        """Back to draft, with a reason."""
        obj = self.get_object()
        values = self._body(CampaignReasonSerializer)
        return self._after(
            running.send_back(actor=self.actor, campaign=obj, version=self.version(obj), **values)
        )

    @extend_schema(request=StartSerializer)
    def schedule(self, request: Request, pk: int) -> Response:
        """Let an approved campaign start at a time, or at once."""
        obj = self.get_object()
        policies.require("outreach.run", self.actor, obj)
        values = self._body(StartSerializer)
        return self._after(
            running.schedule(
                actor=self.actor, campaign=obj, starts_at=values.get("starts_at"), version=self.version(obj)
            )
        )

    @extend_schema(request=CampaignReasonSerializer)
    def pause(self, request: Request, pk: int) -> Response:
        """Hold it before the next mail."""
        return self._after(
            running.pause(
                actor=self.actor, campaign=self.get_object(), **self._body(CampaignReasonSerializer)
            )
        )

    @extend_schema(request=None)
    def resume(self, request: Request, pk: int) -> Response:
        """Go on where it was paused."""
        return self._after(running.resume(actor=self.actor, campaign=self.get_object()))

    @extend_schema(request=CampaignReasonSerializer)
    def cancel(self, request: Request, pk: int) -> Response:
        """End it for good. What was sent is not called back."""
        return self._after(
            running.cancel(
                actor=self.actor, campaign=self.get_object(), **self._body(CampaignReasonSerializer)
            )
        )

    @extend_schema(request=WhomSerializer, responses=PreviewSerializer)
    def preview(self, request: Request, pk: int) -> Response:
        """The mail as one contact of the audience would get it. Changes nothing; 404 without anybody."""
        contact = self._body(WhomSerializer).get("contact")
        shown = trying.preview(actor=self.actor, campaign=self.get_object(), contact_id=contact)
        if shown is None:
            raise NotFound("Nobody is in the audience yet.")
        return Response(PreviewSerializer(shown).data)

    @extend_schema(request=WhomSerializer, responses={204: None})
    def test(self, request: Request, pk: int) -> Response:
        """Send the mail as one contact would get it to oneself."""
        contact = self._body(WhomSerializer).get("contact")
        trying.send_test(actor=self.actor, campaign=self.get_object(), contact_id=contact)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=RequeueSerializer, responses=RequeuedSerializer)
    def requeue(self, request: Request, pk: int) -> Response:
        """Give rows that were given up another set of attempts. None of them was sent."""
        obj, values = self.get_object(), self._body(RequeueSerializer)
        policies.require("outreach.run", self.actor, obj)
        if obj.mailing is None:
            raise NotFound("This campaign has no mails.")
        rows = deciding.requeue(
            actor=self.actor, mailing=obj.mailing, reason=values["reason"], failed=values["failed"]
        )
        return Response({"rows": rows})
