"""Line icons from the lucide package, as inline SVG."""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

FALLBACK = "circle"


@lru_cache(maxsize=512)
def _shape(name: str) -> str:
    """The paths of an icon. A name stored in the database may not exist: it shows as a circle."""
    try:
        markup = lucide(name, size=None)
    except IconDoesNotExist:
        markup = lucide(FALLBACK, size=None)
    inner = markup[markup.index(">") + 1 : markup.rindex("</svg>")]
    return " ".join(inner.split()).replace("> <", "><")


@lru_cache(maxsize=2048)
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon in the size and colour of the text around it.

    Without `label` it is decoration that screen readers skip; with one it is a picture of that name.
    """
    meaning = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" width="16" height="16" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        f" {css}" if css else "",
        meaning,
        mark_safe(_shape(name)),  # noqa: S308  # markup of the icon package
    )
