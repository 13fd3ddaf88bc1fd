"""A launch's dates as endpoints: what is due, what waits for what, moving, undoing, clashes."""

from apps.schedule.api.clashes import ClashesView, FreezesView, LaunchFreezesView
from apps.schedule.api.dependencies import DependenciesView
from apps.schedule.api.moving import MoveLaunchView, MovesView
from apps.schedule.api.notices import NoticesView
from apps.schedule.api.placements import PlacementsView

__all__ = [
    "ClashesView",
    "DependenciesView",
    "FreezesView",
    "LaunchFreezesView",
    "MoveLaunchView",
    "MovesView",
    "NoticesView",
    "PlacementsView",
]
