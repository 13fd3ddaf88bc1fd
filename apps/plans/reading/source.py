"""From bytes to lines: what a plan may not be (too large, not text, empty) is refused here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.core.characters import CONTROL
from apps.plans.reading.errors import PlanError

MAX_BYTES = 1024 * 1024
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Source:
    """The document: `raw` lines keep their line ends, `lines` do not; `text` joins `lines` with LF."""

    raw: list[str]
    lines: list[str]
    text: str
    bom: bool


def load(source: str | bytes) -> Source:
    """Check and split a document; raises `PlanError` naming the byte or line at fault."""
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise _too_large()
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            if b"\x00" in source:
                raise _binary(source[: source.index(b"\x00")].count(b"\n") + 1) from None
            raise PlanError(
                "not_utf8", f"The file is not UTF-8 text: byte {error.start} (line {line}) is wrong.", line
            ) from None
    else:
        text = source
        try:
            encoded = text.encode("utf-8")
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            raise PlanError("not_utf8", f"Character {error.start} is half of a pair.", line) from None
        if len(encoded) > MAX_BYTES:
            raise _too_large()
    bom = text.startswith("\ufeff")
    if bom:
        text = text[1:]
    control = CONTROL.search(text)
    if control:
        raise _binary(text.count("\n", 0, control.start()) + 1)
    if not text.strip():
        raise PlanError("empty", "The document is empty.", None)
    raw = _LINE.findall(text)
    lines = [line.rstrip("\r\n") for line in raw]
    return Source(raw=raw, lines=lines, text="\n".join(lines), bom=bom)


def _too_large() -> PlanError:
    return PlanError(
        "too_large",
        f"The document is larger than 1 MiB ({MAX_BYTES:,} bytes), the most a plan may have.",
        None,
    )


def _binary(line: int) -> PlanError:
    return PlanError("binary", f"The document is not text: line {line} holds a control character.", line)
