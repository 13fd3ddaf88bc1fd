"""Registers the source of the measured messages."""

from __future__ import annotations

from django.apps import AppConfig


class OutgoingConfig(AppConfig):
    name = "benchmarks.outgoing"
    label = "benchmark_outgoing"

    def ready(self) -> None:
        from apps.delivery import sources
        from benchmarks.outgoing.source import Numbers

        sources.register("benchmark", Numbers())
