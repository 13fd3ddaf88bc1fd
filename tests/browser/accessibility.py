"""axe-core on a page, as every test of a page asks for it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

# Without the lists of what is fine, which are longer than the page and take a second to bring over.
OPTIONS = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}


def violations(page: Any) -> list[str]:
    """What WCAG 2.2 AA is missing on the page as it is now, a line for each place."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}" for each in found for node in each["nodes"]
    ]
