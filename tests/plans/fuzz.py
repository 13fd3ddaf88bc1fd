"""Throws mutated launch plans at the reader and the writer, and says what breaks.

`python -m tests.plans.fuzz --count 20000 --seed 1` (two processes); `--only NUMBER` runs one document again
and prints it. What broke is kept under `build/fuzz/`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from apps.plans.reading import PlanError, Reading, read_plan, report
from apps.plans.writing import Layout, Live, live_records, write_plan
from tests.plans.mutations import mutate

CORPUS = Path(__file__).parent / "corpus"
ROOT = Path(__file__).parents[2]
OUT = Path("build") / "fuzz"
CODES = frozenset({"empty", "too_large", "not_utf8", "binary", "too_deep"})
# Seconds of processor time: a start, and so much for each KiB of the document. Ten times what is usual.
START, PER_KIB = 2.0, 0.25
# One in so many documents also goes through the writer, which reads it several times.
WRITE_EVERY = 6
HANGS_AFTER = 120


@dataclass(frozen=True)
class Failure:
    number: int
    what: str
    detail: str


class Hang(BaseException):
    """Raised by the alarm; no handler of ordinary errors may swallow it."""


def documents() -> list[str]:
    """The corpus and the portal's own samples."""
    paths = sorted(CORPUS.glob("*.md")) + sorted((ROOT / "apps" / "plans").glob("*/*.md"))
    return [path.read_bytes().decode("utf-8") for path in paths]


def source_of(seed: int, number: int, texts: list[str]) -> str | bytes:
    """The same document for the same seed and number, whatever ran before."""
    return mutate(random.Random(f"{seed}/{number}"), texts)


def check(source: str | bytes, *, write: bool) -> str:
    """Read (and write) one document: "read" or "refused". Raises AssertionError for broken promises."""
    size = len(source) / 1024
    start = time.process_time()
    try:
        reading = read_plan(source)
    except PlanError as error:
        return _check_refusal(error)
    took = time.process_time() - start
    assert took < START + PER_KIB * size, f"reading {size:.0f} KiB took {took:.1f} s"
    _check_reading(reading)
    if write:
        _check_writing(reading, source)
        took = time.process_time() - start
        assert took < 20 * (START + PER_KIB * size), f"writing {size:.0f} KiB took {took:.1f} s"
    return "read"


def _check_refusal(refusal: PlanError) -> str:
    assert refusal.code in CODES, f"unknown refusal {refusal.code!r}"
    assert len(refusal.message) > 10, "a refusal without a message"
    return "refused"


def _check_reading(reading: Reading) -> None:
    assert reading.coverage.lost == 0, f"lost {reading.coverage.lost} blocks"
    json.dumps(report(reading))
    lines = len(reading.lines)
    told: set[int] = set()
    for index, record in enumerate(reading.records):
        assert record.parent is None or (0 <= record.parent < len(reading.records) and record.parent != index)
        for first, last in record.spans:
            assert 1 <= first <= last <= lines, f"{record.kind} stands in lines {first}-{last} of {lines}"
            told.update(range(first, last + 1))
        for slot in record.slots:
            assert 1 <= slot.line <= slot.last <= lines, f"slot {slot.field} of {record.kind} outside"
        if record.kind == "rollout_step":
            assert 0 <= record.fields["percent"] <= 100
        if not reading.is_plan:
            assert not record.typed, "typed records in what is no plan"
    silent = [
        number for number, line in enumerate(reading.lines, start=1) if line.strip() and number not in told
    ]
    assert not silent, f"lines {silent[:5]} are in no record"
    assert len({question.id for question in reading.questions}) == len(reading.questions), (
        "two questions, one id"
    )


def _check_writing(reading: Reading, source: str | bytes) -> None:
    layout = Layout.of(reading)
    text = source.decode("utf-8") if isinstance(source, bytes) else source
    assert layout.source == text, "the layout is not the document"
    again = Layout.from_json(json.loads(json.dumps(layout.to_json())))
    records = live_records(reading)
    assert write_plan(again, records) == text, "writing what is unchanged changed it"
    if records:
        chosen = records[len(text) % len(records)]
        changed = [
            Live(one.kind, one.key, "Renamed by somebody", one.fields, one.group, one.position, one.parent)
            if one is chosen
            else one
            for one in records
        ]
        read_plan(write_plan(layout, changed))
        fewer = write_plan(layout, [one for one in records if one is not chosen])
        if fewer.strip():  # a plan of one record has nothing left
            read_plan(fewer)


def _alarmed(number: int, run: Callable[[], str]) -> str | Failure:
    def ring(signal_number: int, frame: FrameType | None) -> None:
        raise Hang("".join(traceback.format_stack(frame)[-6:]))

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS_AFTER)
    try:
        return run()
    except Hang as hang:
        return Failure(number, "hangs", str(hang))
    except AssertionError as error:
        return Failure(number, str(error) or "a promise is broken", traceback.format_exc())
    except Exception as error:  # noqa: BLE001 - finding every kind of error is the point
        return Failure(number, f"{type(error).__name__}: {error}", traceback.format_exc())
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


_TEXTS: list[str] = []


def run_one(job: tuple[int, int]) -> str | Failure:
    """One document by seed and number, never raising."""
    if not _TEXTS:
        _TEXTS.extend(documents())
    seed, number = job

    def run() -> str:
        return check(source_of(seed, number, _TEXTS), write=number % WRITE_EVERY == 0)

    return _alarmed(number, run)


def run_many(seed: int, count: int, processes: int) -> Iterator[str | Failure]:
    jobs = [(seed, number) for number in range(count)]
    if processes <= 1:
        yield from map(run_one, jobs)
        return
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=2000) as pool:
        yield from pool.imap_unordered(run_one, jobs, chunksize=20)


def _keep(seed: int, failure: Failure) -> Path:
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{seed}-{failure.number}.md"
    source = source_of(seed, failure.number, documents())
    path.write_bytes(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))
    path.with_suffix(".txt").write_text(f"{failure.what}\n\n{failure.detail}", encoding="utf-8")
    return path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="documents (20000)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="the same seed, the same documents"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int, help="one document of the seed, printed and run")
    options = parser.parse_args(arguments)
    if options.only is not None:
        source: Any = source_of(options.seed, options.only, documents())
        print(source)
        print(check(source, write=True))
        return 0
    print(f"{options.count} documents, seed {options.seed}, {options.processes} processes", flush=True)
    start = time.monotonic()
    tally = {"read": 0, "refused": 0, "broken": 0}
    seen: dict[str, int] = {}
    for done, result in enumerate(run_many(options.seed, options.count, options.processes), start=1):
        if isinstance(result, Failure):
            tally["broken"] += 1
            # One line per sort of failure: the last line of the program it happened in, and what it says.
            sort = result.detail.strip().splitlines()[-3:-1]
            key = " ".join(line.strip() for line in sort) + " " + result.what.split(" ")[0]
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= 3:
                print(
                    f"  document {result.number}: {result.what[:200]} -> {_keep(options.seed, result)}",
                    flush=True,
                )
        else:
            tally[result] += 1
        if done % 1000 == 0:
            print(f"  {done}/{options.count} after {time.monotonic() - start:.0f} s: {tally}", flush=True)
    seconds = time.monotonic() - start
    print(
        f"{options.count} documents in {seconds:.0f} s: {tally['read']} read, {tally['refused']} refused "
        f"with a message, {tally['broken']} broke a promise. Again: --seed {options.seed}"
    )
    return 1 if tally["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
