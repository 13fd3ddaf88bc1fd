"""`manage.py move_launch`: move launch day, the rollout, a phase or one item, as the page and the API do."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.actors import SYSTEM
from apps.core.dates import span_words
from apps.core.errors import Conflict, DomainError
from apps.launches.selectors import launch_by_slug
from apps.schedule.services.moving import LANDINGS, MovePreview, Row, apply_move, preview_move
from apps.schedule.services.moving.previewing import ANCHORS
from apps.schedule.spans import Span

REFUSED = 2


class Command(BaseCommand):
    help = (
        "Move launch day, the rollout's start, a phase or a dated thing, with all that hangs on it. "
        "Exit 2: refused, nothing moved."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--anchor", choices=ANCHORS, default="launch_day")
        parser.add_argument("--id", type=int, help="of the phase, or of the placement of one thing")
        parser.add_argument("--to", type=_day, required=True, metavar="DATE", help="in the launch's zone")
        parser.add_argument(
            "--landing", choices=LANDINGS, default="keep", help="what would fall on a weekend or holiday does"
        )
        parser.add_argument("--reason", default="", help="stands in the launch's history")
        parser.add_argument("--dry-run", action="store_true", help="show what would move, and move nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json: bool = options["json"]
        asked: dict[str, Any] = {"actor": SYSTEM, "anchor": options["anchor"], "pk": options["id"]}
        asked |= {"to": options["to"], "landing": options["landing"]}
        try:
            launch = launch_by_slug(SYSTEM, options["slug"])
            shown = preview_move(launch=launch, **asked)
            if shown.refusals:
                raise Conflict(" ".join(refusal.words for refusal in shown.refusals), code="dependency")
            if options["dry_run"]:
                self._tell(shown, None)
                return
            done = apply_move(launch=launch, fingerprint=shown.fingerprint, reason=options["reason"], **asked)
        except DomainError as error:
            self._refuse(error)
        self._tell(done, done.move.pk if done.move else None)

    def _tell(self, shown: MovePreview, move: int | None) -> None:
        if self.as_json:
            answer = {
                "anchor": shown.anchor,
                "id": shown.pk,
                "old": str(shown.old) if shown.old else None,
                "to": str(shown.to),
                "applied": move is not None,
                "move": move,
                "moving": [_plain(row) for row in shown.moving],
                "staying": len(shown.staying),
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        for row in shown.moving:
            cause = f" ({row.cause})" if row.cause else ""
            self.stdout.write(f"{row.placement.title}: {_days(row.old)} to {_days(row.new)}{cause}")
        if shown.off_days:
            self.stdout.write(f"{len(shown.off_days)} on a weekend or holiday.")
        verb = "would move" if move is None else "moved"
        count = len(shown.along)
        things = f"{count} thing{'' if count == 1 else 's'} with it"
        self.stdout.write(f"{shown.name} {verb} to {shown.to}, {things}; {len(shown.staying)} stay.")

    def _refuse(self, error: DomainError) -> NoReturn:
        if self.as_json:
            told = {"error": {"code": error.code, "message": error.message}}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self.stderr.write(error.message)
        sys.exit(REFUSED)


def _plain(row: Row) -> dict[str, Any]:
    return {
        "placement": row.placement.pk,
        "title": row.placement.title,
        "old": str(row.old.starts_on) if row.old.starts_on else None,
        "new": str(row.new.starts_on) if row.new.starts_on else None,
        "cause": row.cause,
    }


def _days(span: Span) -> str:
    return span_words(span.starts_on, span.ends_on) if span.starts_on else "no date"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is no date; write it as 2026-03-04.") from error
