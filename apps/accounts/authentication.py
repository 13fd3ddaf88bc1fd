"""Sign-in of programs: bearer tokens (RFC 6750) with the rights of a person within their scopes."""

from __future__ import annotations

import json
from datetime import timedelta

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Now
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import ApiToken, User
from apps.accounts.services import token_digest
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.compiled import Compiled, given

# "Last used" is good to the minute: a busy token does not write a row with each request.
USED_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lp_...`. Answers the person and, as `request.auth`, the actor with the scopes.

    A request without such a header is left to other ways to sign in. A token that is malformed, unknown,
    expired or revoked, or whose person is not active any more, is refused (401) without saying which.
    """

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send one token: Authorization: Bearer lp_...", code="token")
        token = find_token(parts[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.", code="token")
        actor = Actor(
            kind="token",
            id=token.pk,
            label=f"{token.user} by {token.name}"[:254],
            user=token.user,
            scopes=frozenset(token.scopes),
        )
        request._request.actor = actor  # type: ignore[attr-defined]  # where pages have theirs
        return token.user, actor

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says about how to sign in."""
        return 'Bearer realm="Launch portal"'


_TOKEN = [field.attname for field in ApiToken._meta.concrete_fields if field.attname != "scopes"]
_USER = [field.attname for field in User._meta.concrete_fields]
# Asked with every request of a program, so written and planned once; the JSON comes as text.
_GOOD = Compiled(
    lambda: (
        ApiToken.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=Now()),
            digest=given("digest", str),
            revoked_at=None,
            user__is_active=True,
        )
        .order_by()
        .annotate(said=Cast("scopes", TextField()))
        .values_list("said", *_TOKEN, *(f"user__{name}" for name in _USER))
    )
)


def find_token(text: str) -> ApiToken | None:
    """The token with this text if it is good right now. One query, and once a minute a second one."""
    if not text.startswith("lp_") or not text.isascii() or len(text) > 200:
        return None
    rows = _GOOD.rows(digest=token_digest(text))
    if not rows:
        return None
    scopes, *values = rows[0]
    token = ApiToken.from_db("default", _TOKEN, [*values[: len(_TOKEN)]])
    token.scopes = json.loads(scopes)
    token.user = User.from_db("default", _USER, values[len(_TOKEN) :])
    if token.last_used_at is None or token.last_used_at < now() - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=Now())
    return token
