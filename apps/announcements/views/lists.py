"""The announcements of a launch."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpResponse

from apps.announcements import policies, selectors
from apps.announcements.views.steps import GROUPS
from apps.core.pages import paginate, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page


@launch_page()
def announcements(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """A launch's announcements, what is live first."""
    group = request.GET.get("show", "")
    found = selectors.announcements(launch)
    counts = found.order_by().aggregate(
        **{key: Count("pk", filter=Q(state__in=states)) for key, (_, states) in GROUPS.items()}
    )
    if group in GROUPS:
        found = found.filter(state__in=GROUPS[group][1])
    context = {
        "launch": launch,
        "page_title": "Announcements",
        "rows": paginate(request, found),
        "groups": [(key, label, counts[key]) for key, (label, _) in GROUPS.items()],
        "group": group if group in GROUPS else "",
        "total": sum(counts.values()),
        "may_create": policies.can_create(request.actor, launch),
    }
    return show(request, "announcements/list.html", context, partial="region")
