"""Where the page of a dated thing is, by the names its app gave the addresses."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from apps.schedule.models import Placement
from apps.schedule.selectors import WORK


def page_of(placement: Placement) -> str:
    """The page of the thing a placement places; of one whose kind has none, its time."""
    slug = placement.launch.slug
    names = [("launches:time", [slug, placement.pk])]
    if placement.kind in WORK:
        names.insert(0, ("content:item", [slug, placement.pk]))
    elif placement.kind != "phase":
        names.insert(0, ("launches:record", [slug, placement.kind, placement.record_id]))
    else:
        names.insert(0, ("launches:phases", [slug]))
    for name, args in names:
        try:
            url = reverse(name, args=args)
        except NoReverseMatch:
            continue
        return f"{url}#phase-{placement.phase_id}" if name == "launches:phases" else url
    raise AssertionError("every placement has a page for its time")
