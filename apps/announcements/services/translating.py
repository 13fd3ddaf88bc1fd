"""The languages of an announcement, written together with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from apps.announcements.content import WORDS, words
from apps.announcements.models import MOST_TRANSLATIONS, Announcement, Translation
from apps.core import markdown
from apps.core.errors import Invalid


def read(announcement: Announcement, given: Sequence[Mapping[str, Any]]) -> list[Translation]:
    """What was given as rows that are not stored yet, by language. Raises `Invalid` with field `translations`."""
    if not isinstance(given, list | tuple) or len(given) > MOST_TRANSLATIONS:
        raise Invalid(f"Give at most {MOST_TRANSLATIONS} translations.", field="translations")
    found: dict[str, Translation] = {}
    for each in given:
        if not isinstance(each, Mapping) or set(each) - set(WORDS):
            raise Invalid(f"A translation has only: {', '.join(WORDS)}.", field="translations")
        row = Translation(**each)
        try:
            row.clean_fields(exclude=["announcement", "html"])
        except ValidationError as error:
            name, messages = next(iter(error.message_dict.items()))
            where = str(row.language)[:20] or "A translation"
            raise Invalid(
                f"{where}, {name.replace('_', ' ')}: {messages[0]}", field="translations"
            ) from error
        if row.language in found or row.language == announcement.language:
            raise Invalid(f"There is a text in “{row.language}” already.", field="translations")
        row.html = markdown.render(row.body)
        found[row.language] = row
    return [found[language] for language in sorted(found)]


def store(announcement: Announcement, rows: Sequence[Translation]) -> None:
    """Let the announcement have exactly these."""
    announcement.translations.all().delete()
    for row in rows:
        row.announcement = announcement
    Translation.objects.bulk_create(rows)


def replace(
    announcement: Announcement, given: Sequence[Mapping[str, Any]] | None
) -> tuple[list[Translation], dict[str, list[Any]]]:
    """The translations it has from now on, and what changed. None leaves them as they are.

    Without new ones too its own language may have become that of a translation, which is refused.
    """
    stored = list(announcement.translations.all())
    fresh = read(
        announcement,
        [dict(zip(WORDS, words(row), strict=True)) for row in stored] if given is None else given,
    )
    if [words(row) for row in stored] == [words(row) for row in fresh]:
        return stored, {}
    store(announcement, fresh)
    return fresh, {"translations": [[str(row) for row in stored], [str(row) for row in fresh]]}
