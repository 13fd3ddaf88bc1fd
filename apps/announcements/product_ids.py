"""What may be the id of a customer's account or user."""

from __future__ import annotations

import re

from apps.announcements.models import IDENTITY_LENGTH
from apps.core.errors import Invalid

# No id holds these, line ends included; half a surrogate pair is no character at all.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_identity(name: str, value: str) -> None:
    """Raise unless this may be the id of a customer's account or user: 1 to 200 characters, none of control.

    Feed and receipts both ask this and change nothing about the id: blanks at its ends belong to it, as in the
    product that chose it, so that whoever dismisses an announcement is who asks for it next.
    """
    if not value or len(value) > IDENTITY_LENGTH:
        raise Invalid(f"Name the {name} by an id of 1 to {IDENTITY_LENGTH} characters.", field=name)
    if _CONTROL.search(value):
        raise Invalid(f"The {name}'s id holds a control character.", code="control_character", field=name)
