"""Has the links of one message lead through the portal, which counts them; only where a mailing asks for it."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape

from apps.delivery import links
from apps.delivery.sources import Message

_HREF = re.compile(r"""(<a\b[^>]*?\shref=)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
# Printable ASCII without blanks and quotes: whatever else stands in an address stays as it is, uncounted.
_COUNTABLE = re.compile(r"https?://[!#-;=?-~]+", re.IGNORECASE)
_ENDS = ".,;:!?'*_~]}"
LONGEST = 1500


def with_counted_links(message: Message, delivery_id: int) -> Message:
    """The message with every link to the web packed, in HTML and text; never those about what mail they want."""

    def packed(url: str) -> str:
        if len(url) > LONGEST or not _COUNTABLE.fullmatch(url) or links.is_own(url):
            return url
        return links.counted_url(delivery_id, url)

    def in_html(found: re.Match[str]) -> str:
        quoted = found[2] if found[2] is not None else found[3]
        return f'{found[1]}"{escape(packed(unescape(quoted).strip()))}"'

    def in_text(found: re.Match[str]) -> str:
        url = _without_punctuation(found[0])
        return packed(url) + found[0][len(url) :]

    return replace(message, text=_BARE.sub(in_text, message.text), html=_HREF.sub(in_html, message.html))


def _without_punctuation(url: str) -> str:
    """An address as people write it into a sentence, without what belongs to the sentence."""
    while url and (url[-1] in _ENDS or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url
