"""Who asks, and which scope of a token that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.core.actors import Actor

if TYPE_CHECKING:
    from rest_framework.views import APIView


def actor_of(request: Request) -> Actor:
    """The actor of a request: what the token's authentication made, else the signed-in person."""
    if isinstance(request.auth, Actor):
        return request.auth
    found = request._request.__dict__.get("_api_actor")
    if not isinstance(found, Actor):
        found = request._request.__dict__["_api_actor"] = Actor.of(request.user)
    return found


class HasScope(BasePermission):
    """Signed in, and a token's scopes cover the request.

    A view says by `read_scope` and `write_scope` which ones it takes ("read" and "write" unless said
    otherwise). People in a browser have no scopes and are not restricted by them.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        actor = actor_of(request)
        if actor.kind == "anonymous":
            raise NotAuthenticated()
        reading = request.method in SAFE_METHODS
        scope = getattr(view, "read_scope" if reading else "write_scope", "read" if reading else "write")
        if not actor.may(scope):
            raise PermissionDenied(f"This token lacks the scope “{scope}”.", code="insufficient_scope")
        return True
