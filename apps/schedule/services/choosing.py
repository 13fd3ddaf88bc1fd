"""A person says how they want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.models import Preference, User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, NotAllowed
from apps.delivery.services.suppression import want_again
from apps.schedule.notices import DIGEST_TOPIC, PREFERENCE, REMINDERS_TOPIC, Notices, checked, notices_of
from apps.schedule.services import digesting, reminding


def choose_notices(*, actor: Actor, values: Mapping[str, Any], version: int | None = None) -> Notices:
    """Change some of the actor's own choices; what waits for them is due by these at once.

    Whoever chooses mail lifts what they unsubscribed from by a link in one. Raises `Invalid`, `Conflict` for a
    version that is not the stored one, `NotAllowed` for who is no person or has a token that only reads.
    """
    person = actor.user
    if not isinstance(person, User) or not actor.may("write"):
        raise NotAllowed("Only a signed-in person has this.")
    with transaction.atomic():
        # Nobody else writes this person's choices meanwhile, also where there is no row yet.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        before = notices_of([person.pk])[person.pk]
        if version is not None and version != before.version:
            raise Conflict("These choices were changed since you opened them.", version=before.version)
        after = checked({**before.values(), **values}, version=before.version + 1)
        changes = audit.difference(before.values(), after.values())
        wanted = [
            topic
            for topic, channel, name in (
                (REMINDERS_TOPIC, after.reminders, "reminders"),
                (DIGEST_TOPIC, after.digest, "digest"),
            )
            if name in values and channel in ("mail", "both")
        ]
        if wanted:
            want_again(actor=actor, topics=wanted)
        if not changes:
            return before
        Preference.objects.update_or_create(
            user=person, name=PREFERENCE, defaults={"value": after.values(), "version": after.version}
        )
        audit.record(actor=actor, verb="user.notices", obj=person, changes=changes)
        reminding.renew_for(person.pk)
        digesting.renew_for(person.pk)
    return after
