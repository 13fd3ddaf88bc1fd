"""Runs a Python program whose clock is wrong: `python -m tests.faults.skewed SECONDS MODULE ARGUMENTS...`.

What asks Python for the time of day is told one that is so many seconds ahead (or behind). Only this process is.
SIGUSR2 sets its clock right.
"""

from __future__ import annotations

import datetime
import runpy
import signal
import sys
import time
from typing import Any


def skew(seconds: float) -> None:
    """To be called before anything else takes these functions from their modules."""
    true_time, true_datetime = time.time, datetime.datetime
    off = [seconds]
    signal.signal(signal.SIGUSR2, lambda *_: off.__setitem__(0, 0.0))

    class OfEither(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, true_datetime)

    class Skewed(true_datetime, metaclass=OfEither):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return true_datetime.now(tz) + datetime.timedelta(seconds=off[0])

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    time.time = lambda: true_time() + off[0]
    datetime.datetime = Skewed  # type: ignore[misc]


if __name__ == "__main__":
    skew(float(sys.argv[1]))
    del sys.argv[1]
    module = sys.argv[1]
    del sys.argv[0]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
