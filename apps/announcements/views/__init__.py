"""The announcements of a launch: list, composer, one announcement with all that can be done to it."""

from apps.announcements.views.composing import audience, edit, new, preview
from apps.announcements.views.detail import detail, schedule, standing, step
from apps.announcements.views.lists import announcements

__all__ = ["announcements", "audience", "detail", "edit", "new", "preview", "schedule", "standing", "step"]
