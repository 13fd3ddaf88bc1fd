"""One wording per metric across a document, so that a goal, a KPI and a rollback criterion share one metric.

Two targets are of one metric when their names hold the same telling words ("page load time" and "page load
times"), or when the words of one are part of the other's with the same last word ("completion rate" and
"Configuration Completion") and no other metric of the document would fit as well. Words that only measure
or compare (rate, number, users, increase, reduction) do not tell metrics apart. A metric row's own title
is the second name of its target: it joins the row to what other places call it. The wording kept is the
one most often used, then the shortest.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from apps.plans.reading.model import Record
from apps.plans.reading.wording import Wording, fold

Words = tuple[str, ...]
_PER = re.compile(r"\s(?:per|pro|par|por)\s|\s?/\s?", re.IGNORECASE)


def unify(records: list[Record], wording: Wording) -> None:
    """Give the targets of one metric the same `metric` wording, in place."""
    seen: list[tuple[dict[str, Any], Words, Words]] = []
    for record in records:
        targets = record.fields.get("targets") or []
        owns = [telling(wording, str(target.get("metric") or "")) for target in targets]
        # "50 testers, 20 interviews" names two metrics: its title is the name of neither.
        named = record.kind in ("kpi", "rollback_criterion") and len(set(owns)) == 1
        title = telling(wording, record.title) if named else ()
        seen.extend((target, own, title) for target, own in zip(targets, owns, strict=True))
    if not seen:
        return
    names: Counter[Words] = Counter()
    for _, own, title in seen:
        for words in {own, title} - {()}:
            names[words] += 1
    # What follows "per" is what something else is counted by: it joins nothing to a metric of that name.
    rates = {own for target, own, _ in seen if _PER.search(str(target.get("metric") or ""))}
    find = _groups(seen, names, wording.words.get("generic_metrics", frozenset()), rates)
    wordings: dict[Words, Counter[str]] = {}
    for target, own, title in seen:
        key = find(own or title)
        if key:
            wordings.setdefault(key, Counter())[str(target.get("metric") or "").strip()] += 1
    best = {key: _preferred(found) for key, found in wordings.items()}
    for target, own, title in seen:
        key = find(own or title)
        if key and best.get(key):
            target["metric"] = best[key]


def _preferred(found: Counter[str]) -> str:
    named = {name: count for name, count in found.items() if name}
    if not named:
        return ""
    return min(named, key=lambda name: (-named[name], len(name), name))


def _groups(
    seen: list[tuple[dict[str, Any], Words, Words]],
    names: Counter[Words],
    generic: frozenset[str],
    rates: set[Words],
) -> Any:
    parent: dict[Words, Words] = {words: words for words in names}

    def find(words: Words) -> Words:
        if words not in parent:
            return words
        while parent[words] != words:
            parent[words] = parent[parent[words]]
            words = parent[words]
        return words

    # Same words in any order.
    by_set: dict[frozenset[str], Words] = {}
    for words in names:
        known = by_set.setdefault(frozenset(words), words)
        parent[find(words)] = find(known)
    # A row's title and what its target is called, when one is a part of the other.
    for _, own, title in seen:
        if own and title and not set(own) <= generic and (set(own) <= set(title) or set(title) <= set(own)):
            parent[find(own)] = find(title)
    # Part of exactly one other name, with the same last word; a word any metric may end in joins none.
    by_last: dict[str, list[Words]] = {}
    for words in names:
        by_last.setdefault(words[-1], []).append(words)
    for group in by_last.values():
        if len(group) > 50:
            continue
        for words in group:
            if set(words) <= generic:
                continue
            wider = {find(other) for other in group if set(words) < set(other) and other not in rates} - {
                find(words)
            }
            if len(wider) == 1:
                parent[find(words)] = wider.pop()
    return find


def telling(wording: Wording, name: str) -> Words:
    """The words that tell a metric from others, in singular form."""
    weak = wording.words.get("measure_words", frozenset()) | wording.words.get("change_words", frozenset())
    words = fold(name).split(" ")
    kept = [_singular(word) for word in words if word and word not in weak and not word[0].isdigit()]
    if not kept:
        kept = [_singular(word) for word in words if word and not word[0].isdigit()]
    return tuple(kept)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
