"""What came of an announcement, as the API answers it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class FigureSerializer(serializers.Serializer[Any]):
    """Users who saw, clicked and dismissed."""

    seen = serializers.IntegerField()
    clicked = serializers.IntegerField()
    dismissed = serializers.IntegerField()
    accounts = serializers.IntegerField(help_text="Accounts of those who saw it.")
    click_through = serializers.FloatField(
        allow_null=True, help_text="Percent of those who saw it. Null: nobody saw it."
    )


class SegmentFigureSerializer(serializers.Serializer[Any]):
    """The same of one segment of the launch."""

    title = serializers.CharField()
    fitting = serializers.IntegerField(help_text="Accounts in it that fit the announcement's rule.")
    figures = FigureSerializer()


class DayFigureSerializer(serializers.Serializer[Any]):
    """Users who did it first on one day in the launch's zone."""

    day = serializers.DateField()
    seen = serializers.IntegerField()
    clicked = serializers.IntegerField()
    dismissed = serializers.IntegerField()


class ShowingSerializer(serializers.Serializer[Any]):
    """A time during which it was in the feed, and for whom."""

    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField(allow_null=True, help_text="Null: it shows now.")
    audience_rule = serializers.CharField()
    only_exposed = serializers.BooleanField()
    surfaces = serializers.ListField(child=serializers.CharField())


class FiguresSerializer(serializers.Serializer[Any]):
    """What came of an announcement."""

    eligible = serializers.IntegerField(help_text="Accounts that see it now, of those that are stored.")
    total = FigureSerializer()
    segments = SegmentFigureSerializer(many=True)
    days = DayFigureSerializer(many=True)
    showings = ShowingSerializer(many=True)
