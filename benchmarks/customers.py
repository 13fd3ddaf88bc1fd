"""Customers from a CSV file: `python -m benchmarks.customers [--rows N]`.

100,000 rows of accounts, then of contacts at them: every row checked, then all of them loaded, as a worker does it
(with progress written and the lease held). Uploading looks through the file once and counts too.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from itertools import pairwise

from benchmarks.installation import installation


def files(rows: int) -> list[tuple[str, bytes]]:
    accounts, contacts = io.StringIO(), io.StringIO()
    write = csv.writer(accounts)
    write.writerow(["id", "name", "plan", "value", "projects", "region"])
    for number in range(rows):
        plan = ("free", "team", "business")[number % 3]
        write.writerow(
            [f"a{number}", f"Account {number}", plan, number, number % 200, "EU" if number % 2 else "US"]
        )
    write = csv.writer(contacts)
    write.writerow(["account", "email", "name", "role"])
    for number in range(rows):
        write.writerow([f"a{number}", f"p{number}@example.com", f"Person {number}", "Admin"])
    return [("accounts", accounts.getvalue().encode()), ("contacts", contacts.getvalue().encode())]


def measure(rows: int) -> list[str]:
    from apps.audience.models import CustomerImport
    from apps.audience.services import importing
    from apps.core.actors import SYSTEM

    found = []
    for what, content in files(rows):
        marks = [time.perf_counter()]
        run = importing.upload(actor=SYSTEM, what=what, content=content, file_name=f"{what}.csv")
        marks.append(time.perf_counter())
        for step in ("check", "load"):
            if step == "check":
                run = importing.check(actor=SYSTEM, run=run, mapping=run.mapping)
            else:
                run = importing.load(actor=SYSTEM, run=run)
            importing.work_on(run.pk)
            run = CustomerImport.objects.get(pk=run.pk)
            marks.append(time.perf_counter())
        if run.state != CustomerImport.State.DONE or run.created_count != rows:
            raise SystemExit(f"{run.state}: {run.created_count} of {rows}, {run.problems[:3]}")
        upload, check, load = (later - earlier for earlier, later in pairwise(marks))
        found.append(
            f"| {rows:,} {what} from a CSV file of {len(content) / 1e6:.1f} MB | {marks[-1] - marks[0]:.1f} s: upload "
            f"{upload:.1f} s, check {check:.1f} s, load {load:.1f} s | 60 s for 100,000 |"
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with installation():
        print("\n".join(measure(options.rows)))


if __name__ == "__main__":
    main()
