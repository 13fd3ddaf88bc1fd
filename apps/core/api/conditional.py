"""`ETag`, `If-None-Match` and `If-Match` (RFC 9110) from a row's integer `version`.

The tag is the version in quotes, followed by a dash and more where an answer also holds what changes without
the row's version (dates that follow an anchor). `If-Match` compares the version alone: only it says whether a
change would overwrite another one.
"""

from __future__ import annotations

import re
from collections.abc import Container

from rest_framework.request import Request

from apps.core.api.problems import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'(W/)?"([^"]*)"')
# Methods that change a stored object and so must say which version of it they mean.
# Most PUTs are of batches, which no single version stands for; a view whose PUT sets one whole adds it (`guarded`).
GUARDED = ("PATCH", "DELETE")


def tag(version: int, *more: object) -> str:
    """A strong entity tag: `"7"`, or `"7-x"` with more of what the answer depends on."""
    return '"' + "-".join([str(version), *(str(part) for part in more)]) + '"'


def is_unchanged(request: Request, current: str) -> bool:
    """Whether the caller already holds this version (weak comparison, as RFC 9110 wants it for reading)."""
    wanted = request.headers.get("If-None-Match")
    if wanted is None:
        return False
    if wanted.strip() == "*":
        return True
    return any(f'"{opaque}"' == current for _, opaque in _TAG.findall(wanted))


def expected_version(request: Request, stored: int, *, guarded: Container[str] = GUARDED) -> int | None:
    """The version a change is meant for, to be handed to the service, which compares it under its lock.

    None means any version (`If-Match: *`, or a POST without the header). Raises `PreconditionRequired` where
    one of the `guarded` methods has no `If-Match`, `PreconditionFailed` where it holds nothing usable.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None:
        if request.method in guarded:
            raise PreconditionRequired()
        return None
    if wanted.strip() == "*":
        return None
    versions = []
    for weak, opaque in _TAG.findall(wanted):
        number = opaque.split("-")[0]
        # A weak tag never matches here: strong comparison (RFC 9110, 13.1.1).
        if not weak and number.isascii() and number.isdecimal() and len(number) < 10:
            versions.append(int(number))
    if not versions:
        raise PreconditionFailed("If-Match holds no ETag that this portal gave out.")
    return stored if stored in versions else versions[0]
