"""The vocabulary of headings and labels, compiled for lookup: what a heading or label means in a language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from apps.core import vocabulary

_Table = Mapping[str, Mapping[str, tuple[str, ...]]]
_MARKUP = re.compile(r"[*`~]+|(?<!\w)_+|_+(?!\w)")
_LINK = re.compile(r"\[([^\]]{0,300})\]\([^)]{0,1500}\)")
_NUMBERING = re.compile(
    r"^\s*(?:\(?\d{1,2}(?:\.\d{1,2})*[.):]\s*|\d{1,2}(?:\.\d{1,2})+\s+|\(?[ivxIVX]{1,5}[.)]\s+|\(?[a-zA-Z][.)]\s+|[§#]\s*\d+[.:]?\s*)"
)
_NOT_WORD = re.compile(r"[^\w\s]+|_")
_SPACE = re.compile(r"\s+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PAREN = re.compile(r"\s*[(\[（][^()\[\]（）]*[)\]）]\s*")
_LONGEST_PHRASE = 6
# A heading of so many telling words is still one noun with what describes it.
_SHORT_HEADING = 4
_HEAD_NOUN = 0.46
_QUESTION = 0.6
_LONGEST_QUESTION = 9
# How much the share of a language's little words in the text says against headings and labels it knows.
_LITTLE_WORDS = 10.0
_REMEMBERED = 8192


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """Lower case words without markup, emoji, numbering and punctuation; `&` reads as "and"."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    text = _MARKUP.sub("", text)
    text = text.lstrip()
    if text and not text[0].isalnum():
        text = text.lstrip("".join({ch for ch in text if not ch.isalnum() and ch not in "([#§"}))
    text = _NUMBERING.sub("", text, count=1)
    text = text.lower().replace("&", " and ").replace("'", "").replace("’", "")
    text = _NOT_WORD.sub(" ", text)
    return _SPACE.sub(" ", text).strip()


def fold(text: str) -> str:
    """Normalised and without accents, so that a phrase written without them is found."""
    text = normalise(text)
    if text.isascii() or _CJK.search(text):
        return text
    return "".join(ch for ch in unicodedata.normalize("NFD", text) if not unicodedata.combining(ch))


@dataclass(frozen=True, slots=True)
class Match:
    """A kind of section found in a heading; `strength` is 1.0 when the heading says nothing else."""

    kind: str
    strength: float
    topic: bool = False


class Wording:
    """One language's headings and labels, with English behind it (plans mix the two)."""

    def __init__(self, language: str, tables: list[_Table]) -> None:
        self.language = language
        self.sections: dict[str, str] = {}
        self.topics: dict[str, str] = {}
        self.labels: dict[str, tuple[str, ...]] = {}
        self.overview: dict[str, tuple[str, ...]] = {}
        self.words: dict[str, frozenset[str]] = {}
        self.types: dict[str, dict[str, str]] = {}
        # Romance languages name the thing first ("plan de medios"), the others last ("retail launch checklist").
        self._heads_first = "first" in tables[0].get("grammar", {}).get("heads", ())
        for table in tables:
            self._add(table)
        for table in tables:
            self._add_compounds(table)
        # What a heading that asks a question is about; words may go on ("work" for "worked").
        self._cues = {
            kind: tuple(fold(cue) for cue in cues) for kind, cues in tables[0].get("cues", {}).items()
        }
        ands = sorted(self.words.get("conjunctions", ()), key=len, reverse=True)
        either = "|".join(re.escape(word) for word in ands) or "(?!)"
        # What joins two pieces of work, and what may stand before the last of a list.
        self.joined = re.compile(
            rf"\s+(?:{either}|&|\+)\s+|\s*[、;]\s*|(?<=[^\u3040-\u309f])と(?=[^\u3040-\u309f])", re.IGNORECASE
        )
        self.leading_joint = re.compile(rf"^(?:{either}|&)\s+", re.IGNORECASE)
        self.filler = self.words.get("filler", frozenset())
        cjk = [phrase for phrase in [*self.sections, *self.topics] if _CJK.search(phrase)]
        self._cjk = _alternation(cjk) if cjk else None
        # Bounded: a wording lives as long as the process and sees every document.
        self.match = lru_cache(_REMEMBERED)(self._match)
        self.fields = lru_cache(_REMEMBERED)(self._find_fields)
        self.type_of = lru_cache(_REMEMBERED)(self._type_of)

    def _add(self, table: _Table) -> None:
        for kind, phrases in table.get("sections", {}).items():
            for phrase in phrases:
                self.sections.setdefault(fold(phrase), kind)
        for kind, phrases in table.get("topics", {}).items():
            for phrase in phrases:
                self.topics.setdefault(fold(phrase), kind)
        for name, phrases in table.get("labels", {}).items():
            for phrase in phrases:
                key = fold(phrase)
                known = self.labels.get(key, ())
                if name not in known:
                    self.labels[key] = (*known, name)
        for name, phrases in table.get("overview", {}).items():
            for phrase in phrases:
                key = fold(phrase)
                if name not in self.overview.get(key, ()):
                    self.overview[key] = (*self.overview.get(key, ()), name)
        for name, phrases in table.get("words", {}).items():
            self.words[name] = self.words.get(name, frozenset()) | {fold(phrase) for phrase in phrases}
        for group in ("channels", "resource_types", "monitoring_types", "story_kinds"):
            known_types = self.types.setdefault(group, {})
            for name, phrases in table.get(group, {}).items():
                for phrase in phrases:
                    known_types.setdefault(fold(phrase), name)

    def _add_compounds(self, table: _Table) -> None:
        """`"halt|stop + criteria|triggers"` stands for every pair; what is listed itself says more."""
        for kind, patterns in table.get("compounds", {}).items():
            for pattern in patterns:
                firsts, _, seconds = pattern.partition("+")
                for first in firsts.split("|"):
                    for second in seconds.split("|"):
                        self.sections.setdefault(fold(f"{first} {second}"), kind)

    def _match(self, heading: str) -> tuple[Match, ...]:
        """What a heading may mean, best first; empty when the vocabulary does not know it."""
        best: dict[tuple[str, bool], float] = {}
        variants = [(heading, 1.0)]
        bare = _PAREN.sub(" ", heading).strip()
        if bare and bare != heading:
            variants.append((bare, 0.99))
        for mark in (":", "：", " - ", " – ", " — "):
            if mark in heading:
                before, _, after = heading.partition(mark)
                variants += [(before, 0.9), (after, 0.9)]
        head = self._head_of_phrase(bare or heading)
        if head:
            variants.append((head, 0.7))
        for text, weight in variants:
            for match in self._match_words(fold(text)):
                key = (match.kind, match.topic)
                best[key] = max(best.get(key, 0.0), match.strength * weight)
        if not best or max(best.values()) < _HEAD_NOUN:
            asked = self._asked(fold(bare or heading))
            if asked:
                best[(asked, False)] = _QUESTION
        ranked = sorted(best.items(), key=lambda pair: -pair[1])
        return tuple(Match(kind, strength, topic) for (kind, topic), strength in ranked if strength >= 0.3)

    def _match_words(self, text: str) -> Iterable[Match]:
        if not text or len(text) > 150:
            return
        yield from self._exact(text, 1.0)
        words = text.split(" ")
        content = [word for word in words if word not in self.filler]
        if 0 < len(content) < len(words):
            yield from self._exact(" ".join(content), 0.95)
        if self._cjk is not None and _CJK.search(text):
            for hit in self._cjk.finditer(text):
                yield from self._exact(hit[0], 0.5 + 0.4 * len(hit[0]) / len(text))
        size = len(content) or len(words)
        for length in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                phrase = " ".join(words[start : start + length])
                if phrase in self.sections or phrase in self.topics:
                    own = sum(word not in self.filler for word in words[start : start + length]) or 1
                    late = 0.04 * (start + length) / len(words)
                    strength = 0.85 * min(own / size, 1.0) + late
                    if size <= _SHORT_HEADING and self._is_head(start, length, len(words)):
                        strength = max(strength, _HEAD_NOUN)
                    yield from self._exact(phrase, strength)

    def _asked(self, heading: str) -> str | None:
        """`How will we know it worked`, `¿Qué puede salir mal?`: what a heading asks for, by its first telling word."""
        words = heading.split(" ")
        if (
            len(words) < 2
            or len(words) > _LONGEST_QUESTION
            or words[0] not in self.words.get("asking", frozenset())
        ):
            return None
        for kind, cues in self._cues.items():
            if any(f" {cue}" in f" {heading}" for cue in cues):
                return kind
        return None

    def _head_of_phrase(self, heading: str) -> str:
        """`Metrics we look at weekly`, `Staffing during hypercare`: what stands before the first joint."""
        joints = self.words.get("heading_joints", frozenset())
        words = fold(heading).split(" ")
        place = next((index for index, word in enumerate(words) if index and word in joints), 0)
        return " ".join(words[:place]) if place <= _SHORT_HEADING else ""

    def _is_head(self, start: int, length: int, size: int) -> bool:
        return start == 0 if self._heads_first else start + length == size

    def _exact(self, phrase: str, strength: float) -> Iterable[Match]:
        kind = self.sections.get(phrase)
        if kind:
            yield Match(kind, strength)
        topic = self.topics.get(phrase)
        if topic:
            yield Match(topic, strength, True)

    def _find_fields(self, label: str) -> tuple[str, ...]:
        """The generic fields a label may stand for, in the vocabulary's order."""
        if len(label) > 90:
            return ()
        if label.strip() == "%":
            return ("rollout",)
        if label.strip() == "#":
            return ("number",)
        text = fold(label)
        if text in self.labels:
            return self.labels[text]
        bare = fold(_PAREN.sub(" ", label))
        if bare in self.labels:
            return self.labels[bare]
        short = " ".join(word for word in bare.split(" ") if word not in self.filler)
        return self.labels.get(short, ()) or self._spelt_out(label, bare)

    def _spelt_out(self, label: str, bare: str) -> tuple[str, ...]:
        """`Share of technicians`, `% der Filialen`: who gets it; `Days before launch`: when."""
        if label.lstrip().startswith("%") or self.begins("share_of", bare):
            return ("rollout",)
        if self.begins("count_from", bare):
            return ("when",)
        return ()

    def begins(self, group: str, text: str) -> bool:
        """Whether a folded text begins with one of a group's phrases and goes on."""
        known = self.words.get(group, frozenset())
        words = text.split(" ")
        return any(" ".join(words[:length]) in known for length in range(1, min(4, len(words))))

    def overview_keys(self, label: str) -> tuple[str, ...]:
        """The overview facts a label may name; none when it is one of the plan's own."""
        text = fold(label)
        if text in self.overview:
            return self.overview[text]
        return self.overview.get(fold(_PAREN.sub(" ", label)), ())

    def overview_key(self, label: str) -> str | None:
        """The overview fact a label names first."""
        return next(iter(self.overview_keys(label)), None)

    def has(self, group: str, text: str) -> bool:
        """Whether a text, as a whole, is one of a group of words."""
        return fold(text) in self.words.get(group, frozenset())

    def holds(self, group: str, text: str) -> bool:
        """Whether a text holds one of a group's words or phrases."""
        known = self.words.get(group, frozenset())
        words = fold(text).split(" ")
        if any(word in known for word in words):
            return True
        if _CJK.search(text):
            # No spaces tell its words apart.
            return any(len(phrase) > 1 and phrase in text for phrase in known if _CJK.search(phrase))
        return any(
            " ".join(words[start : start + length]) in known
            for length in (2, 3)
            for start in range(len(words) - length + 1)
        )

    def _type_of(self, group: str, text: str) -> str:
        """The type a title tells (channel, resource, monitoring, story), "" if none; the longest phrase wins."""
        known = self.types.get(group, {})
        words = fold(text[:200]).split(" ")
        for length in range(min(4, len(words)), 0, -1):
            for start in range(len(words) - length, -1, -1):
                phrase = " ".join(words[start : start + length])
                if phrase in known:
                    return known[phrase]
        if _CJK.search(text):
            for phrase in sorted(known, key=len, reverse=True):
                if _CJK.search(phrase) and phrase in text:
                    return known[phrase]
        return ""


def _alternation(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True)))


def table(language: str) -> _Table:
    """The headings and labels of a language; empty if it has none."""
    return vocabulary.load(language).headings


@cache
def languages() -> tuple[str, ...]:
    """Every language that has headings, English first."""
    return tuple(code for code in vocabulary.languages() if table(code).get("sections"))


@cache
def phrases(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """A language's section phrases and label phrases, for telling which language a plan is in."""
    data = table(language)
    sections = {fold(phrase) for group in data.get("sections", {}).values() for phrase in group}
    sections |= {fold(phrase) for group in data.get("topics", {}).values() for phrase in group}
    labels = {
        fold(phrase)
        for group in ("labels", "overview")
        for row in data.get(group, {}).values()
        for phrase in row
    }
    return frozenset(sections), frozenset(labels)


@cache
def _little_words(language: str) -> frozenset[str]:
    words = table(language).get("words", {})
    return frozenset(
        fold(word) for group in ("articles", "conjunctions", "at_words") for word in words.get(group, ())
    )


@cache
def wording(language: str) -> Wording:
    """The compiled words of a language with English as a second choice."""
    tables = [table(language)]
    if language != "en":
        tables.append(table("en"))
    return Wording(language, tables)


def detect_language(headings: Iterable[str], labels: Iterable[str], text: str = "") -> str:
    """The language whose vocabulary knows most headings, labels and little words; English on a draw."""
    heading_texts = [fold(text) for text in headings]
    body = fold(text).split(" ")
    label_texts = [fold(text) for text in labels]
    best, best_score = "en", -1.0
    for language in languages():
        known_sections, known_labels = phrases(language)
        score = 0.0
        for text in heading_texts:
            if text in known_sections:
                score += 2.0
            elif _CJK.search(text):
                score += (
                    1.0 if any(len(p) > 1 and p in text for p in known_sections if _CJK.search(p)) else 0.0
                )
            else:
                score += 0.5 * any(word in known_sections for word in text.split(" "))
        score += sum(1.0 for text in label_texts if text in known_labels)
        little = _little_words(language)
        score += _LITTLE_WORDS * sum(word in little for word in body) / len(body)
        if score > best_score:
            best, best_score = language, score
    return best
