"""Markdown that people wrote, as HTML that is safe to show to others."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt

# No pictures: one from elsewhere would tell its server who reads this, and when.
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def render(source: str) -> str:
    """CommonMark with tables and strike-through as sanitised HTML. Raw HTML in it is shown as text.

    Links lead to http, https and mailto only, carry `rel="noopener nofollow"`, and no scripts or pictures.
    """
    return nh3.clean(
        _parser().render(source),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
