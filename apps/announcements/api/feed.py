"""The feed: what one user of the product is to see now."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.authentication import TokenAuthentication
from apps.announcements import selectors
from apps.announcements.authentication import IdentityAuthentication, identity_of
from apps.announcements.languages import wanted_by
from apps.announcements.models import LANGUAGE, SURFACE
from apps.announcements.product_ids import check_identity
from apps.announcements.targeting import MOST_BYTES, check_attributes
from apps.core.api import conditional
from apps.core.api.fields import TextField
from apps.core.api.views import ApiView
from apps.core.errors import Invalid
from apps.core.pages import integer

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


class FeedEntrySerializer(serializers.Serializer[Any]):
    """An announcement as the product shows it."""

    id = serializers.IntegerField()
    form = serializers.CharField(help_text="banner, modal, toast or list")
    language = serializers.CharField(help_text="Of the words here.")
    title = serializers.CharField()
    body = TextField(help_text="Markdown, for those who render it themselves.")
    html = serializers.CharField(help_text="The same, sanitised: no scripts, styles or pictures.")
    action_label = TextField()
    action_url = serializers.CharField()
    surfaces = serializers.ListField(child=serializers.CharField())
    priority = serializers.IntegerField()
    went_live_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    shown_count = serializers.IntegerField(help_text="How often this user has seen it, as reported.")


class FeedSerializer(serializers.Serializer[Any]):
    """What one user is to see now, most pressing first."""

    announcements = FeedEntrySerializer(many=True)


class FeedView(ApiView):
    """What is live for one user of a customer's account: for the product's own server by a token (scope `feed`),
    for its pages by an identity that server signed."""

    authentication_classes = [IdentityAuthentication, TokenAuthentication]
    read_scope = write_scope = "feed"
    http_method_names = ["get", "head"]

    @extend_schema(
        responses=FeedSerializer,
        parameters=[
            OpenApiParameter(
                "account", str, description="The customer's account. With a token only, and needed there."
            ),
            OpenApiParameter("user", str, description="The user within that account. As `account`."),
            OpenApiParameter("surface", str, description="Where in the product; everything when left out."),
            OpenApiParameter(
                "attributes",
                str,
                description="What the product knows of the account now, as a JSON object of at most 8 KB: "
                '`{"projects": 12}`. It counts over what is stored; rules ask for it. With a token only.',
            ),
            OpenApiParameter(
                "key", str, description="With an identity: its key, for the browser's preflight."
            ),
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        """What is live, in its window and not dismissed by this user. Answers 304 if nothing changed."""
        who = _who(request)
        surface = request.query_params.get("surface", "")
        if surface and not SURFACE.regex.match(surface):  # type: ignore[union-attr]
            raise Invalid(str(SURFACE.message), field="surface")
        entries = selectors.feed_entries(
            **who, surface=surface, languages=_languages(request), showing=_showing(request)
        )
        digest = hashlib.sha256(repr([entry.tag for entry in entries]).encode()).hexdigest()
        tag = f'"{digest[:32]}"'
        headers = {"ETag": tag, "Vary": "Authorization, X-Launch-Identity, Accept-Language"}
        if conditional.is_unchanged(request, tag):
            return HttpResponse(status=304, headers=headers)
        # Each entry is written once and kept: no renderer, which would write them all again.
        body = b'{"announcements":[%s]}' % b",".join([entry.json for entry in entries])
        return HttpResponse(body, content_type="application/json", headers=headers)


def _who(request: Request) -> dict[str, Any]:
    """Account, user and attributes: the signed ones, or those a server names. Raises `Invalid`."""
    identity = identity_of(request)
    if identity is not None:
        for name in ("account", "user", "attributes"):
            if name in request.query_params:
                raise Invalid(
                    "The identity says who is looking: leave this out.", code="identity", field=name
                )
        return {"account": identity.account, "user": identity.user, "attributes": identity.attributes}
    given = {name: request.query_params.get(name, "") for name in ("account", "user")}
    for name, value in given.items():
        check_identity(name, value)
    return {**given, "attributes": _attributes(request)}


def _attributes(request: Request) -> dict[str, Any]:
    """The attributes a product's server gives along. Raises `Invalid`."""
    text = request.query_params.get("attributes", "")
    if not text:
        return {}
    if len(text.encode()) > MOST_BYTES:
        raise Invalid(f"Attributes are at most {MOST_BYTES} bytes.", code="too_large", field="attributes")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("Write the attributes as a JSON object.", field="attributes") from None
    return check_attributes(given)


def _languages(request: Request) -> list[str]:
    """What the user reads, the dearest first. Raises `Invalid` for a `language` that is none."""
    wanted = wanted_by(request.headers.get("Accept-Language", ""))
    asked = request.query_params.get("language", "")
    if asked and not _TAG.fullmatch(asked):
        raise Invalid(str(LANGUAGE.message), field="language")
    return [asked.lower(), *wanted] if asked else wanted


def _showing(request: Request) -> set[int]:
    """The ids a page shows now; what is no id is none."""
    found = {integer(part) for part in request.query_params.get("showing", "")[:1000].split(",")}
    return {pk for pk in found if pk is not None and pk > 0}
