"""Sign-in of a product's users in browsers, by an identity their product's server signed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.announcements.identities import HEADER, Identity, Refused, Signer, read_identity
from apps.announcements.selectors.keys import find_signer
from apps.announcements.services.keys import note_use
from apps.core.actors import Actor
from apps.core.clock import now


class IdentityAuthentication(BaseAuthentication):
    """`X-Launch-Identity`. Answers nobody and an actor of kind `link`; the identity is on the request.

    Raises 401 with a code for what is wrong with it, 403 for a page from an origin its key does not list.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Actor] | None:
        text = request.headers.get(HEADER)
        if text is None:
            return None
        if "Authorization" in request.headers:
            raise AuthenticationFailed("Send a token or an identity, not both.", code="identity_and_token")
        at = now()
        origin = request.headers.get("Origin")
        seen: list[Signer] = []

        def find(key: str, moment: Any) -> Signer | None:
            signer = find_signer(key, moment)
            if signer is not None:
                seen.append(signer)
                request._request.cors_origin_listed = origin in signer.origins  # type: ignore[attr-defined]
            return signer

        try:
            identity = read_identity(text, at=at, find=find)
        except Refused as refusal:
            raise AuthenticationFailed(refusal.message, code=refusal.code) from refusal
        asked = request.query_params.get("key", identity.signer.key)
        if asked != identity.signer.key:
            raise AuthenticationFailed(
                "The address names another key than the identity.", code="identity_key"
            )
        # The portal's own pages send their origin along only with some requests, and may go by another name.
        own = origin is not None and urlsplit(origin).netloc == request.get_host()
        if origin is not None and origin not in identity.signer.origins and not own:
            raise PermissionDenied(f"The key does not list the origin {origin[:300]}.", code="origin")
        if identity.signer.row is not None:
            note_use(identity.signer.row, at)
        request._request.identity = identity  # type: ignore[attr-defined]
        actor = Actor(kind="link", label=f"{identity.signer.name} (signed identity)"[:254])
        return AnonymousUser(), actor

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Launch portal"'


def identity_of(request: Request) -> Identity | None:
    """Who is looking, if their product's server signed it."""
    found = getattr(request._request, "identity", None)
    return found if isinstance(found, Identity) else None


class _IdentityScheme(OpenApiAuthenticationExtension):
    """How the API's description names signed identities."""

    target_class = "apps.announcements.authentication.IdentityAuthentication"
    name = "identity"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "base64url of a JSON object {key, account, user, attributes, exp}, a dot, and base64url "
            "of its HMAC-SHA256 with the product key's secret. Made by the product's own server; see docs/widget.md.",
        }
