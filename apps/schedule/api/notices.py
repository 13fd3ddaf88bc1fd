"""How the person behind the request wants to be told."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.models import Preference, User
from apps.core.api.fields import StrictSerializer
from apps.core.api.views import Changing, Retrieving
from apps.core.errors import NotFound
from apps.schedule.notices import CHANNEL_CHOICES, MOST_DAYS, Notices, notices_of, stopped_topics
from apps.schedule.services.choosing import choose_notices


class NoticesSerializer(StrictSerializer):
    """Reminders of what one owns, and the digest of one's week."""

    reminders = serializers.ChoiceField(choices=CHANNEL_CHOICES)
    days = serializers.IntegerField(
        min_value=0, max_value=MOST_DAYS, help_text="How many days before its first day a thing is announced."
    )
    late = serializers.BooleanField(help_text="Whether to be reminded of what is late.")
    digest = serializers.ChoiceField(choices=CHANNEL_CHOICES)
    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="Monday is 1.")
    hour = serializers.IntegerField(min_value=0, max_value=23, help_text="On the person's own clock.")
    no_mail = serializers.SerializerMethodField(
        help_text="Topics that mail was chosen of and whose mail does not go to this address."
    )
    version = serializers.IntegerField(read_only=True)

    def get_no_mail(self, notices: Notices) -> list[str]:
        return stopped_topics(self.context["request"].user, notices)


class NoticesView(Retrieving, Changing):
    """One's own choices; nobody sees or changes anybody else's."""

    serializer_class = NoticesSerializer
    queryset = Preference.objects.none()

    def get_object(self) -> Notices:
        user = self.request.user
        if not isinstance(user, User):
            raise NotFound("There is nobody behind this request.")
        return notices_of([user.pk])[user.pk]

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Any:
        return choose_notices(actor=self.actor, values=values, version=version)
