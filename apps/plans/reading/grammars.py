"""The value grammars in a document's language; a text read once is not read again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.core.vocabulary import load
from apps.metrics.target_value import Kind
from apps.metrics.targets import TargetSpec, parse_targets
from apps.rollouts.deadlines import parse_deadline
from apps.rollouts.ladder import Rung, parse_ladder
from apps.schedule.when import When, find_whens, parse_when

_LONGEST_TIME = 90


class Grammars:
    """Times, targets, ladders and deadlines. `t_unit` is what bare T-numbers count."""

    def __init__(self, language: str) -> None:
        # A language's vocabulary borrows the English words it does not define: plans mix the two.
        self._vocab = load(language)
        self.t_unit = "day"
        self._times: dict[tuple[str, str | None], When | None] = {}
        self._found: dict[tuple[str, str | None], list[tuple[int, int, When]]] = {}
        self._targets: dict[tuple[str, str, str, Kind], list[TargetSpec]] = {}
        self._ladders: dict[str, list[Rung]] = {}
        self._json: dict[int, tuple[When, dict[str, Any]]] = {}
        self._deadlines: dict[str, int | None] = {}

    def order_dates(self, order: str | None) -> None:
        """Settle whether 3/4 is "mdy" or "dmy", where the document tells it."""
        if order is not None and not self._vocab.settings.get("date_order_certain"):
            settings = {**self._vocab.settings, "date_order": order, "date_order_certain": True}
            self._vocab = replace(self._vocab, settings=settings)

    def when(self, text: str, anchor: str | None = None) -> When | None:
        """The whole text as a time, or None."""
        text = text.strip(" *_`.,;〜～")
        if not text or len(text) > _LONGEST_TIME:
            return None
        key = (text, anchor)
        if key not in self._times:
            self._times[key] = parse_when(text, vocab=self._vocab, default_anchor=anchor, t_unit=self.t_unit)
        return self._times[key]

    def when_in_year(self, text: str, anchor: str | None, year: int) -> When | None:
        """A time whose year somebody answered."""
        return parse_when(
            text, vocab=self._vocab, default_anchor=anchor, t_unit=self.t_unit, default_year=year
        )

    def whens(self, text: str, anchor: str | None = None) -> list[tuple[int, int, When]]:
        """Every time inside a text with its span."""
        key = (text, anchor)
        if key not in self._found:
            self._found[key] = list(
                find_whens(text, vocab=self._vocab, default_anchor=anchor, t_unit=self.t_unit)
            )
        return self._found[key]

    def targets(self, text: str, label: str = "", group: str = "", kind: Kind = "target") -> list[TargetSpec]:
        """The targets of a text that have a value; a metric without a number is no target.

        `kind` is what its column is for: the bare value of an alert lies on the wrong side of its metric.
        """
        label = label.replace("_", " ")  # p95_latency
        key = (text, label, group, kind)
        if key not in self._targets:
            specs = parse_targets(text, vocab=self._vocab, label=label, group=group, kind=kind)
            self._targets[key] = _own_metrics([spec for spec in specs if spec.value is not None])
        return self._targets[key]

    def json(self, when: When) -> dict[str, Any]:
        """A time as JSON, each call a mapping of its own."""
        known = self._json.get(id(when))
        if known is None or known[0] is not when:
            known = self._json[id(when)] = (when, when.to_json())
        return {**known[1], "ambiguous": list(when.ambiguous)}

    def ladder(self, text: str) -> list[Rung]:
        if text not in self._ladders:
            self._ladders[text] = list(parse_ladder(text, vocab=self._vocab))
        return self._ladders[text]

    def deadline(self, text: str) -> int | None:
        if text not in self._deadlines:
            self._deadlines[text] = parse_deadline(text, vocab=self._vocab)
        return self._deadlines[text]


def _own_metrics(specs: list[TargetSpec]) -> list[TargetSpec]:
    """A percentile in another unit is not of the metric in front of it: "error rate < 1%, p99 < 300 ms"."""
    return [
        replace(spec, metric="")
        if index
        and spec.percentile is not None
        and spec.metric
        and spec.metric == specs[0].metric
        and specs[0].percentile is None
        and spec.unit != specs[0].unit
        else spec
        for index, spec in enumerate(specs)
    ]
