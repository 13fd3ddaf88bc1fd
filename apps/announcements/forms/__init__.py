"""What people type about announcements."""

from apps.announcements.forms.keys import KeyChangeForm, LimitsForm, ProductKeyForm, RotateForm
from apps.announcements.forms.running import ReasonForm, ScheduleForm
from apps.announcements.forms.writing import AnnouncementForm

__all__ = [
    "AnnouncementForm",
    "KeyChangeForm",
    "LimitsForm",
    "ProductKeyForm",
    "ReasonForm",
    "RotateForm",
    "ScheduleForm",
]
