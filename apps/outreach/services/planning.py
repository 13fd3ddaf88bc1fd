"""A plan's customer outreach as a draft campaign."""

from __future__ import annotations

import re

from apps.audience.models import SavedSegment
from apps.audience.rules.proposing import propose_rule
from apps.core.actors import SYSTEM
from apps.launches.models import Channel, KeyMessage, Launch
from apps.outreach.models import Campaign
from apps.outreach.services.writing import create

_MARKS = re.compile(r"\{(?=[{%#])")


def draft_from_plan(*, launch: Launch, channel: Channel) -> Campaign:
    """The outreach that a channel of the plan speaks of, as a draft; asked again it answers the one there is.

    Made by the portal itself: who imports a plan need not work with customers. The words are the plan's own; the
    audience is a saved segment that the channel names ("high-value accounts"), or what its words say outright.
    """
    title = channel.title[:200]
    existing = Campaign.objects.filter(launch=launch, title=title).first()
    if existing is not None:
        return existing
    message = KeyMessage.objects.filter(launch=launch).order_by("rank", "position", "id").first()
    said = _plain(message.title.strip('"“”„«» ') if message else launch.name)
    words = f"{channel.title} {channel.text}"
    return create(
        actor=SYSTEM,
        launch=launch,
        values={
            "title": title,
            "goal": channel.text,
            "owner": channel.owner,
            "rule": _segment_named(words) or propose_rule(words),
            "subject": _plain(launch.name)[:250],
            "body": f'Hello {{{{ contact.first_name|default:"there" }}}},\n\n{said}\n\n'
            '{{ csm.first_name|default:"Your team" }}\n',
        },
    )


def _segment_named(words: str) -> str:
    """The rule of the saved segment whose name stands in the words, the longest name first."""
    folded = words.casefold()
    named = [each for each in SavedSegment.objects.all() if each.name.casefold() in folded]
    return max(named, key=lambda each: len(each.name)).rule if named else ""


def _plain(text: str) -> str:
    """Text that is no template, whatever it holds."""
    return _MARKS.sub("{ ", text)[:10_000]
