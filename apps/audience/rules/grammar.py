"""Reading rules: text in, a tree or a message that says what is wrong and where."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple, cast

from apps.audience.rules.tree import KEYWORDS, NAME, All, Any, Literal_, Not, Operator, Rule, Test

MAX_LENGTH = 2000
# Deeper nesting than anybody writes, and shallow enough for every stack.
MAX_DEPTH = 20
MAX_TESTS = 100
MAX_DIGITS = 15

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<operator><=|>=|!=|<>|==|=|<|>|≤|≥|≠)
    | (?P<mark>[(),])
    | (?P<word>[A-Za-z_][A-Za-z0-9_.@-]*)
    )""",
    re.VERBOSE,
)
_SAME = {"==": "=", "≤": "<=", "≥": ">=", "<>": "!=", "≠": "!="}


class RuleError(ValueError):
    """A rule that cannot be read. `at` is the place in its text, counted from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_rule(text: str) -> Rule:
    """Read a rule. Raises `RuleError` with the place of what is wrong."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"A rule has at most {MAX_LENGTH:,} characters.", MAX_LENGTH)
    reader = _Reader(_tokens(text), len(text))
    if not reader.tokens:
        raise RuleError("Write a condition, for example: plan = team and projects < 50", 0)
    rule = reader.either(0)
    left = reader.next()
    if left is not None:
        raise RuleError(f"“and” or “or” is missing before “{left.text}”.", left.at)
    return rule


def _tokens(text: str) -> list[Token]:
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            wrong = text[at]
            reason = "the quote is not closed" if wrong in "\"'" else f"“{text[at : at + 20]}”"
            raise RuleError(f"This cannot be read: {reason}.", at)
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


class _Reader:
    """Recursive descent: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self.tokens = tokens
        self.index = 0
        self.length = length
        self.tests = 0

    def next(self) -> Token | None:
        """What stands next; reading it moves `index`."""
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def either(self, depth: int) -> Rule:
        rules = [self.both(depth)]
        while self.word("or"):
            rules.append(self.both(depth))
        return rules[0] if len(rules) == 1 else Any(tuple(rules))

    def both(self, depth: int) -> Rule:
        rules = [self.negation(depth)]
        while self.word("and"):
            rules.append(self.negation(depth))
        return rules[0] if len(rules) == 1 else All(tuple(rules))

    def negation(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise RuleError(f"Brackets may be at most {MAX_DEPTH} deep.", self.at)
        if self.word("not"):
            return Not(self.negation(depth + 1))
        if self.mark("("):
            rule = self.either(depth + 1)
            if not self.mark(")"):
                raise RuleError("A closing bracket is missing.", self.at)
            return rule
        return self.test()

    def test(self) -> Rule:
        field = self.next()
        if field is None:
            raise RuleError("The rule ends where a condition should stand.", self.at)
        if field.kind != "word" or field.text.lower() in KEYWORDS or not NAME.fullmatch(field.text):
            raise RuleError(
                f"“{field.text}” stands where the name of a field should: plan, value, projects, …", field.at
            )
        self.index += 1
        self.tests += 1
        if self.tests > MAX_TESTS:
            raise RuleError(f"A rule has at most {MAX_TESTS} conditions.", field.at)
        name = field.text.lower()
        if self.word("is"):
            return self.presence(name)
        negated = self.word("not")
        if self.word("in"):
            test = Test(name, "in", self.values())
            return Not(test) if negated else test
        if self.word("contains"):
            at = self.at
            value = self.value()
            if not isinstance(value, str):
                raise RuleError("“contains” looks for a text; put it in quotes.", at)
            test = Test(name, "contains", (value,))
            return Not(test) if negated else test
        if negated:
            raise RuleError("After “not” comes “in” or “contains”.", self.at)
        return self.comparison(name)

    def presence(self, name: str) -> Rule:
        negated = self.word("not")
        if self.word("set"):
            return Not(Test(name, "set")) if negated else Test(name, "set")
        if self.word("missing"):
            return Test(name, "set") if negated else Not(Test(name, "set"))
        raise RuleError("After “is” comes “set” or “missing”.", self.at)

    def comparison(self, name: str) -> Rule:
        token = self.next()
        if token is None or token.kind != "operator":
            raise RuleError(f"After “{name}” comes =, !=, <, <=, >, >=, in, contains or is.", self.at)
        self.index += 1
        operator = _SAME.get(token.text, token.text)
        at = self.at
        value = self.value()
        if operator in {"=", "!="}:
            test = Test(name, "=", (value,))
            return Not(test) if operator == "!=" else test
        if isinstance(value, str | bool):
            raise RuleError(f"“{operator}” compares numbers and dates (2026-03-04).", at)
        return Test(name, cast(Operator, operator), (value,))

    def values(self) -> tuple[Literal_, ...]:
        if not self.mark("("):
            raise RuleError("After “in” comes a list in brackets: in (team, business)", self.at)
        found = [self.value()]
        while self.mark(","):
            found.append(self.value())
        if not self.mark(")"):
            raise RuleError("The list after “in” is not closed: a comma or a bracket is missing.", self.at)
        return tuple(found)

    def value(self) -> Literal_:
        token = self.next()
        if token is None:
            raise RuleError("The rule ends where a value should stand.", self.at)
        self.index += 1
        if token.kind == "text":
            return _checked(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL), token.at)
        if token.kind == "number":
            if sum(digit.isdigit() for digit in token.text) > MAX_DIGITS:
                raise RuleError(f"A number has at most {MAX_DIGITS} digits.", token.at)
            return Decimal(token.text)
        if token.kind == "date":
            try:
                return date.fromisoformat(token.text)
            except ValueError:
                raise RuleError(f"There is no such day as {token.text}.", token.at) from None
        if token.kind == "word" and token.text.lower() in {"true", "false"}:
            return token.text.lower() == "true"
        if token.kind == "word" and token.text.lower() not in KEYWORDS:
            return token.text
        raise RuleError(f"“{token.text}” stands where a value should.", token.at)

    def word(self, text: str) -> bool:
        token = self.next()
        if token is not None and token.kind == "word" and token.text.lower() == text:
            self.index += 1
            return True
        return False

    def mark(self, text: str) -> bool:
        token = self.next()
        if token is not None and token.kind == "mark" and token.text == text:
            self.index += 1
            return True
        return False

    @property
    def at(self) -> int:
        token = self.next()
        return token.at if token is not None else self.length


def _checked(value: str, at: int) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise RuleError("A text has no control characters.", at)
    return value
