"""The one error that reading a plan raises."""

from __future__ import annotations

from typing import Any


class PlanError(Exception):
    """A document that is refused: `code` for programs, `message` for people, `line` (from 1) where known."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line

    def to_json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "line": self.line}}
