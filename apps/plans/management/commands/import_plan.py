"""`manage.py import_plan`: make a launch of a plan; with `--dry-run` only show what it holds, with no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.plans.reading import PlanError, Question, Reading, report
from apps.plans.services.documents import PlanRefused, QuestionsOpen, ReadPlan, read

REFUSED, OPEN = 2, 3
MAX_READ = 1024 * 1024 + 1


class Command(BaseCommand):
    help = (
        "Make a launch of a plan written in Markdown, or bring a new edition into one (--into). "
        "Exit 2: refused, nothing saved; 3: questions open, nothing saved."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the plan; - reads standard input")
        parser.add_argument(
            "--launch-day", type=_day, metavar="DATE", help="2026-03-04, in the launch's zone"
        )
        parser.add_argument("--rollout-start", type=_day, metavar="DATE", help="first day of rollout Week 1")
        parser.add_argument("--name", help="the launch's name, instead of the plan's")
        parser.add_argument("--into", metavar="SLUG", help="bring the plan into this launch")
        parser.add_argument("--owner", metavar="EMAIL", help="who owns the new launch")
        answering = parser.add_mutually_exclusive_group()
        answering.add_argument("--answers", metavar="FILE", help="a JSON file: question id -> answer")
        answering.add_argument(
            "--accept-proposals",
            action="store_true",
            help="answer every question as proposed, leave the rest open",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="save nothing; needs no database without --into"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json: bool = options["json"]
        try:
            plan = self._read(options)
            if options["dry_run"] and not options["into"]:
                self._show(plan.reading)
            elif options["into"]:
                self._into(plan, options)
            else:
                self._make(plan, options)
        except QuestionsOpen as error:
            self._ask(error.questions)
        except (PlanError, PlanRefused) as error:
            self._refuse(error.to_json())
        except DomainError as error:
            self._refuse({"error": {"code": error.code, "message": error.message, "line": None}})

    def _read(self, options: Mapping[str, Any]) -> ReadPlan:
        return read(
            _bytes(options["file"]),
            answers=_answers(options["answers"]),
            accept_proposals=options["accept_proposals"],
            launch_day=options["launch_day"],
            rollout_start=options["rollout_start"],
            file_name="" if options["file"] == "-" else Path(options["file"]).name,
        )

    def _make(self, plan: ReadPlan, options: Mapping[str, Any]) -> None:
        from apps.plans.services.apply import apply_plan

        applied = apply_plan(
            actor=_actor(options["owner"]),
            plan=plan,
            name=options["name"],
            launch_day=options["launch_day"],
            rollout_start=options["rollout_start"],
            leave_open=options["accept_proposals"],
        )
        launch = applied.launch
        if self.as_json:
            self._print({"slug": launch.slug, "name": launch.name, "counts": applied.counts})
        else:
            self.stdout.write(f"“{launch.name}” is a launch now: {launch.slug}")
            self.stdout.write(_counts(applied.counts))

    def _into(self, plan: ReadPlan, options: Mapping[str, Any]) -> None:
        from apps.core.actors import SYSTEM
        from apps.launches.selectors import launch_by_slug
        from apps.plans.services.apply import apply_plan, is_empty
        from apps.plans.services.editions import apply_edition, difference, reread

        launch = launch_by_slug(SYSTEM, options["into"])
        accept = options["accept_proposals"]
        if is_empty(launch):
            if options["dry_run"]:
                self._show(plan.reading)
                return
            apply_plan(
                actor=SYSTEM,
                plan=plan,
                launch=launch,
                name=options["name"],
                launch_day=options["launch_day"],
                rollout_start=options["rollout_start"],
                leave_open=accept,
            )
            self.stdout.write(f"“{launch.name}” is filled: {launch.slug}")
            return
        plan = reread(launch, plan, accept_proposals=accept)
        if plan.open and not accept and not options["dry_run"]:
            raise QuestionsOpen(plan.open)
        outcome = (
            difference(launch=launch, plan=plan)
            if options["dry_run"]
            else apply_edition(actor=SYSTEM, launch=launch, plan=plan)
        )
        if self.as_json:
            self._print(outcome.to_json())
            return
        for change in outcome.changes:
            self.stdout.write(change.text)
        for kept in outcome.kept:
            self.stdout.write(f"Stays: {kept.title}. {kept.reason}")
        self.stdout.write(f"{len(outcome.changes)} changes{' would be' if options['dry_run'] else ''} made.")

    def _show(self, reading: Reading) -> None:
        if self.as_json:
            self._print(report(reading))
        else:
            self.stdout.write(summary(reading))

    def _ask(self, questions: list[Question]) -> NoReturn:
        if self.as_json:
            self._print({"questions": [question.to_json() for question in questions]})
        else:
            self.stderr.write("The plan leaves something open; nothing was saved.")
            for question in questions:
                proposed = f" Proposed: {question.proposed}." if question.proposed is not None else ""
                self.stderr.write(f"? {question.id} line {question.line}: {question.text}{proposed}")
            self.stderr.write("Answer with --answers FILE, or take the proposals with --accept-proposals.")
        sys.exit(OPEN)

    def _refuse(self, error: Mapping[str, Any]) -> NoReturn:
        if self.as_json:
            self._print(error)
        else:
            line = error["error"]["line"]
            self.stderr.write(error["error"]["message"] + (f" (line {line})" if line else ""))
        sys.exit(REFUSED)

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2))


def summary(reading: Reading) -> str:
    """The reading in a few lines for a person."""
    lines = [reading.name or "(no name)", f"Launch day: {reading.launch_day or 'not said'}"]
    if not reading.is_plan:
        lines.append("This does not look like a launch plan: everything is kept as notes.")
    lines.append(_counts(reading.counts))
    cover = reading.coverage
    lines.append(f"{cover.source_blocks} blocks: {cover.typed} typed, {cover.notes} notes, {cover.lost} lost")
    lines += [f"? line {question.line}: {question.text}" for question in reading.questions]
    return "\n".join(line for line in lines if line)


def _counts(counts: Mapping[str, int]) -> str:
    return "\n".join(f"{count:5}  {key.replace('_', ' ')}" for key, count in counts.items() if count)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text[:40]}” is not a date such as 2026-03-04.") from None


def _actor(email: str | None) -> Any:
    """The person who will own the launch, else the portal itself."""
    from apps.accounts.models import User
    from apps.core.actors import SYSTEM, Actor

    if not email:
        return SYSTEM
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise CommandError(f"Nobody with the address {email} works here.")
    return Actor.of(user)


def _bytes(name: str) -> bytes:
    """The document, read no further than what is refused as too large."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_READ)
    path = Path(name)
    try:
        with path.open("rb") as file:
            return file.read(MAX_READ)
    except OSError as error:
        raise PlanError("unreadable", f"{name} cannot be read: {error.strerror}.", None) from None


def _answers(name: str | None) -> dict[str, str]:
    if not name:
        return {}
    try:
        answers = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError("bad_answers", f"The answers in {name} cannot be read: {error}.", None) from None
    if not isinstance(answers, dict):
        raise PlanError("bad_answers", "Answers are a JSON object: question id -> answer.", None)
    return {str(key): str(value) for key, value in answers.items()}
