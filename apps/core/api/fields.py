"""Serializer fields that several apps need."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers

from apps.core.fields import validate_zone


class TextField(serializers.CharField):
    """Text that has to be given as text: a number is not quietly turned into its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


# For `serializer_field_mapping` of model serializers.
STRICT_FIELDS: dict[type[models.Field[Any, Any]], type[serializers.Field[Any, Any, Any, Any]]] = {
    **serializers.ModelSerializer.serializer_field_mapping,
    models.CharField: TextField,
    models.TextField: TextField,
}


class ZoneField(TextField):
    """An IANA time zone name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        super().__init__(**kwargs)
        self.validators.append(validate_zone)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names it does not know, so that a typing error is told and not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


def refuse_unknown(serializer: serializers.BaseSerializer[Any], data: Any) -> None:
    """Raise `ValidationError` naming each unknown field of a body."""
    if not isinstance(data, dict):
        return
    fields: dict[str, Any] = getattr(serializer, "fields", {})
    unknown = [str(name) for name in data if str(name) not in fields]
    if unknown:
        raise serializers.ValidationError({name[:60]: ["There is no such field."] for name in unknown[:20]})
