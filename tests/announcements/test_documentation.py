"""docs/widget.md is true: what it tells servers to do makes identities that hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.announcements.models import ProductKey
from tests.announcements.test_endpoints import live
from tests.announcements.test_identities import ask
from tests.announcements.worlds import World

PAGE = (Path(settings.BASE_DIR) / "docs" / "widget.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def shows(world: World, text: str) -> None:
    shown = live(
        world, audience_rule="projects < 50 and id = “Acme & Söhne”".replace("“", '"').replace("”", '"')
    )
    assert [row["id"] for row in ask(text).json()["announcements"]] == [shown.pk]


def test_the_python_example(world: World, key: ProductKey) -> None:
    names: dict[str, Any] = {}
    exec(example("python"), names)
    shows(world, names["identity"](key.secret, key.key, "Acme & Söhne", "u-17", projects=12))


@pytest.mark.parametrize(
    ("program", "language", "call"),
    [
        (("node", "--input-type=module", "-e"), "js",
         'console.log(identity(SECRET, KEY, "Acme & Söhne", "u-17", {projects: 12}))'),
        (("ruby", "-e"), "ruby", 'puts identity(SECRET, KEY, "Acme & Söhne", "u-17", {projects: 12})'),
        (("php", "-r"), "php", 'echo identity(SECRET, KEY, "Acme & Söhne", "u-17", ["projects" => 12]);'),
    ],
)  # fmt: skip
def test_the_example_in_other_languages(
    world: World,
    key: ProductKey,
    program: tuple[str, ...],
    language: str,
    call: str,
) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} on this machine")
    call = call.replace("SECRET", f'"{key.secret}"').replace("KEY", f'"{key.key}"')
    run = subprocess.run(
        [*program, f"{example(language)}\n{call}"], capture_output=True, text=True, check=True, timeout=30
    )
    shows(world, run.stdout.strip())


def test_every_code_it_names_is_one_that_is_answered() -> None:
    named = set(re.findall(r"`(identity[a-z_]*)`", PAGE.split("## When it does not show")[1].split("##")[0]))
    source = "".join(
        path.read_text() for path in (Path(settings.BASE_DIR) / "apps" / "announcements").rglob("*.py")
    )
    assert named
    assert {code for code in named if f'"{code}"' not in source} == set()
