"""Reading CSV files (RFC 4180 and what spreadsheets make of it): encoding, delimiter, header, rows."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from apps.core.errors import Invalid

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 500_000
MAX_COLUMNS = 120
DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class CsvFile:
    """What a file says of itself."""

    encoding: str
    delimiter: str
    headers: list[str]
    sample: list[list[str]]
    total: int


def inspect(content: bytes) -> CsvFile:
    """Look through a whole file. Raises `Invalid` saying what is wrong and on which line."""
    if not content.strip():
        raise Invalid("The file is empty.", field="file")
    if len(content) > MAX_BYTES:
        raise Invalid(f"At most {MAX_BYTES // 1024**2} MiB; split the file.", field="file", code="too_large")
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(
            f"Line {line} is not UTF-8 (byte {error.start + 1:,}). Save the file as “CSV UTF-8”.",
            field="file",
            code="encoding",
        ) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise Invalid(f"Line {line} holds a null byte: this is no CSV file.", field="file", code="encoding")
    delimiter = _delimiter(text)
    lines = rows(content, encoding, delimiter)
    headers = [cell.strip() for cell in next(lines, (0, []))[1]]
    _check(headers)
    sample: list[list[str]] = []
    total = 0
    for _, row in lines:
        total += 1
        if len(sample) < 5:
            sample.append([cell[:200] for cell in row])
        if total > MAX_ROWS:
            raise Invalid(f"At most {MAX_ROWS:,} rows; split the file.", field="file", code="too_large")
    if not total:
        raise Invalid("There is a header but no row below it.", field="file")
    return CsvFile(encoding, delimiter, headers, sample, total)


def rows(content: bytes, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number in the file, cells) of the header and every row below it; empty lines are left out."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(f"Line {line}: {error}.", field="file", code="csv") from None


def _encoding(content: bytes) -> str:
    return next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")


def _delimiter(text: str) -> str:
    """The one that cuts the first line most; quoted parts do not count."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    bare = "".join(part for index, part in enumerate(first.split('"')) if index % 2 == 0)
    return max(DELIMITERS, key=bare.count)


def _check(headers: list[str]) -> None:
    if len(headers) > MAX_COLUMNS:
        raise Invalid(f"At most {MAX_COLUMNS} columns; this has {len(headers)}.", field="file")
    seen: set[str] = set()
    for number, header in enumerate(headers, start=1):
        if not header:
            raise Invalid(f"Column {number} has no name in the first line.", field="file")
        if len(header) > 200:
            raise Invalid(f"The name of column {number} is longer than 200 characters.", field="file")
        if header.casefold() in seen:
            raise Invalid(f"Two columns are called “{header[:60]}”.", field="file")
        seen.add(header.casefold())
