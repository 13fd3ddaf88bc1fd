"""The containers' description says what really runs: pinned images, health checks, commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError

from launchportal import processes

ROOT = Path(__file__).resolve().parents[2]
OURS = ("prepare", "web", "worker", "ticks", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_every_image_is_pinned_to_a_version(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in images:
        tag = image.partition(":")[2]
        assert re.match(r"\d+\.\d+", tag), f"{image} is not pinned"


def test_everything_that_stays_up_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "prepare":
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_nothing_of_ours_runs_as_root(compose: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.index("USER portal") < dockerfile.index("CMD")
    for name in OURS:
        assert compose["services"][name]["user"] not in ("", "0", "root")


def test_one_job_migrates_and_everything_of_ours_waits_for_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    migrating = [name for name, service in services.items() if "manage.py" in service.get("command", [])]
    assert migrating == ["prepare"]
    assert services["prepare"]["command"][1:] == ["manage.py", "prepare", "--start"]
    assert "prepare" in get_commands()
    for name in OURS[1:]:
        assert services[name]["depends_on"]["prepare"]["condition"] == "service_completed_successfully"


def test_the_long_running_ones_are_those_that_make_run_starts(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = {}
    for name in OURS[1:]:
        command = compose["services"][name]["command"]
        assert command[:3] == ["python", "-m", "launchportal.processes"]
        started[name] = processes.named(command[3])
    assert started == processes.everything(8000)
    monkeypatch.setenv("LISTEN", "0.0.0.0")
    assert "0.0.0.0" in processes.named("web")


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w*(?:SECRET|PASSWORD)\w*)", text):
        assert f"${{{name}:?" in text and f"${{{name}:-" not in text


def test_every_file_the_image_copies_exists() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source


@pytest.mark.django_db
def test_a_container_without_heartbeat_is_not_alive() -> None:
    with pytest.raises(CommandError, match="has shown itself"):
        call_command("alive")
