"""Which of an announcement's languages somebody reads: RFC 4647 lookup, and a near one rather than none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation.trans_real import parse_accept_lang_header

MOST_WANTED = 10


def wanted_by(header: str) -> list[str]:
    """The tags of an `Accept-Language` header, the dearest first, in small letters. Nonsense gives none."""
    return [tag for tag, quality in parse_accept_lang_header(header.lower()[:500]) if quality > 0][
        :MOST_WANTED
    ]


def choose(wanted: Sequence[str], available: Collection[str], fallback: str) -> str:
    """The best of `available` for who wants these, in their order; `fallback` if none is near.

    "de-AT" takes de-AT, else de, else any other German; "pt" takes pt-BR before nothing.
    """
    known = {tag.lower(): tag for tag in sorted(available)}
    for tag in wanted:
        if tag == "*":
            return fallback
        parts = tag.lower().split("-")
        for length in range(len(parts), 0, -1):
            if found := known.get("-".join(parts[:length])):
                return found
        for other, found in known.items():
            if other.split("-")[0] == parts[0]:
                return found
    return fallback
