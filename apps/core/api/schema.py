"""How the conventions of the API show in its OpenAPI document (drf-spectacular)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.core.api import problems
from apps.core.api.conditional import GUARDED


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField(help_text="A stable address for this sort of problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong in this case, in a sentence.")
    code = serializers.CharField(help_text="Stable, for programs.")
    instance = serializers.CharField(help_text="The path that was asked for.")
    request_id = serializers.CharField(help_text="Names this request in the portal's log.")
    errors = serializers.DictField(  # type: ignore[assignment]  # RFC 9457 extension, not the serializer's own
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Field name (dotted inside lists and objects) to messages.",
    )
    version = serializers.IntegerField(required=False, help_text="The stored version, on a conflict.")
    current = serializers.DictField(required=False, help_text="What is stored now, on a conflict.")


_DESCRIPTIONS = {
    "400": "The request is not acceptable; `errors` names the fields.",
    "401": "No token and no session, or one that is not valid any more.",
    "403": "Not allowed, or the token lacks the scope.",
    "404": "Not there, or not shared with you.",
    "409": "It conflicts with what is stored or is being answered already.",
    "412": "`If-Match` names another version than the stored one.",
    "422": "The `Idempotency-Key` was used for another request.",
    "428": "`If-Match` is missing.",
}


def loosen(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Mend what would mislead readers of the schema.

    Alternatives that nothing tells apart may fit more than one (a title alone is a body for any kind).
    """
    waiting: list[Any] = [result]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "oneOf" in part and "discriminator" not in part:
                part["anyOf"] = part.pop("oneOf")
            # Limits of exact numbers come as Decimal, which JSON would turn into text.
            for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                if isinstance(part.get(name), Decimal):
                    limit = part[name]
                    part[name] = int(limit) if limit == int(limit) else float(limit)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return result


class ApiSchema(AutoSchema):
    """Adds the headers, `fields` and problem answers that every view has by its base class."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        if self.method in getattr(self.view, "guarded", GUARDED):
            found.append(
                OpenApiParameter(
                    "If-Match", str, OpenApiParameter.HEADER, required=True,
                    description="The object's ETag as last read, or `*`.",
                )
            )  # fmt: skip
        if self.method == "POST":
            found.append(
                OpenApiParameter(
                    "Idempotency-Key", str, OpenApiParameter.HEADER,
                    description="Visible ASCII characters; a repeat within 24 hours gets the first answer.",
                )
            )  # fmt: skip
        action = getattr(self.view, "action", None)
        if self.method == "GET" and action in {"list", "retrieve"}:
            found.append(
                OpenApiParameter(
                    "fields", str, description="Only these fields of each object, separated by commas."
                )
            )
        if self.method == "GET" and action == "retrieve":
            found.append(
                OpenApiParameter(
                    "If-None-Match", str, OpenApiParameter.HEADER,
                    description="The ETag the caller holds: answers 304 if that is still it.",
                )
            )  # fmt: skip
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        codes = ["401", "403"]
        if "{" in self.path:
            codes.append("404")
        if self.method != "DELETE":
            codes.append("400")
        if self.method in getattr(self.view, "guarded", GUARDED):
            codes += ["412", "428"]
        if self.method == "POST":
            codes += ["409", "422"]
        if self.method == "GET" and getattr(self.view, "action", None) == "retrieve":
            found.setdefault("304", {"description": "Not changed since."})
        for code in codes:
            if code not in found:
                body = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ProblemSerializer, code, [problems.MEDIA_TYPE]
                )
                found[code] = {**body, "description": _DESCRIPTIONS[code]}
        return dict(sorted(found.items()))
