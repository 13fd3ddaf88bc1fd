"""Templates of mails: a small, safe part of Django's template language over plain values.

`{{ contact.first_name|default:"there" }}`, `{% if account.uses %}...{% endif %}`, `{% for use in account.uses %}`.
No other tags, a few filters, no attribute that could do anything, and a limit on what comes out. A value that is
not known and has no `default` stops that one recipient: nobody gets "Dear ,".

What `{{ }}` writes into Markdown is escaped as the last thing that happens to it, after all filters, so no filter can
make a customer's text a link in a mail under a CSM's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, wraps
from typing import Any

from django.template import Context, Engine, Library, TemplateSyntaxError, defaultfilters, defaulttags
from django.template.base import FilterExpression, Template, VariableNode
from django.template.defaulttags import ForNode, IfNode
from django.utils.formats import localize

from apps.core import markdown
from apps.core.errors import Invalid

LONGEST_SOURCE = 20_000
LONGEST_SUBJECT = 250
LONGEST_RESULT = 100_000
# Each makes its input shorter or hardly longer: nothing that pads, repeats or looks things up.
FILTERS = ("default", "upper", "lower", "title", "capfirst", "pluralize", "floatformat", "join", "first", "last",
           "length", "truncatewords", "yesno")  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "contact": ("name", "first_name", "email", "role", "language"),
    "account": ("id", "name", "plan", "value", "health"),
    "csm": ("name", "first_name", "email"),
    "launch": ("name", "day"),
}
# Fields whose text is shown to everybody who sees the launch.
WITHOUT_CONTACTS = ("follow_up_title",)
# The colon too: without it no autolink (<https://...>) begins, whatever the author wrote before the value.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&=:])")
_BREAKS = re.compile(r"[\r\n\x00]+")


class MissingValue(Exception):
    """A value is not known and the template has no fallback for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Missing(str):
    """Stands for what is not known: false in an `if`, replaced by `default`, refusing to be written."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str) -> _Missing:
        made = super().__new__(cls)
        made.name = name
        return made

    def __str__(self) -> str:
        raise MissingValue(self.name)

    __html__ = __str__

    def __iter__(self) -> Iterator[str]:
        return iter(())


class _Several(list[Any]):
    """A list of values, which written as a whole reads as people write one."""

    def __str__(self) -> str:
        return ", ".join(map(str, self))


def _line(value: Any) -> str:
    """A value on one line; raises `MissingValue` for what is not known."""
    return _BREAKS.sub(" ", str(localize(value)))


def _escaped(value: Any) -> str:
    """A value inside Markdown: what it holds is text, never a link, a heading or HTML."""
    return _MARKDOWN.sub(r"\\\1", _line(value))


def _passing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that leaves what is not known as it is, where Django's would make it "", "0" or "no"."""

    @wraps(function)
    def passing(value: Any, *args: Any, **kwargs: Any) -> Any:
        missing = next((each for each in (value, *args) if isinstance(each, _Missing)), None)
        return function(value, *args, **kwargs) if missing is None else missing

    return passing


def _library() -> Library:
    found = Library()
    for tag in ("if", "for"):
        found.tag(tag, defaulttags.register.tags[tag])
    for name in FILTERS:
        function = defaultfilters.register.filters[name]
        found.filter(name, function if name == "default" else _passing(function))
    return found


class _SmallEngine(Engine):
    """Knows nothing but the library above: no loaders, so no `include` or `extends` either."""

    def get_template_builtins(self, builtins: Any) -> list[Library]:
        return [_library()]


_ENGINE = _SmallEngine(autoescape=False, loaders=[], libraries={})


def check(source: str, *, what: str) -> None:
    """Raise `Invalid` for a template that cannot be used, naming its line; `what` is the field."""
    if len(source) > LONGEST_SOURCE:
        raise Invalid(f"At most {LONGEST_SOURCE:,} characters.", field=what)
    try:
        template = Template(source, engine=_ENGINE)
    except TemplateSyntaxError as error:
        line = getattr(getattr(error, "token", None), "lineno", None)
        place = f" (line {line})" if line else ""
        raise Invalid(f"{_plain(str(error))}{place}.", code="template", field=what) from error
    try:
        for name in _names(template.nodelist, frozenset()):
            known = _known(name)
            if known:
                raise Invalid(f"There is no “{name}”. {known}", code="variable")
            if what in WITHOUT_CONTACTS and name.startswith("contact."):
                raise Invalid(
                    f"People who may not see contacts read this: “{name}” belongs into the script.",
                    code="variable",
                )
    except Invalid as error:
        raise Invalid(error.message, code=error.code, field=what) from None


def render_subject(source: str, values: Mapping[str, Any]) -> str:
    """One line. Raises `MissingValue`, and `Invalid` for what comes out too long."""
    text = " ".join(_render(source, values, _line).split())
    return text[:LONGEST_SUBJECT]


def render_text(source: str, values: Mapping[str, Any]) -> str:
    """The plain text."""
    return _render(source, values, _line)


def render_markdown(source: str, values: Mapping[str, Any]) -> str:
    """The same as Markdown, for what is shown or changed later: the values in it are escaped."""
    return _render(source, values, _escaped)


def render_html(source: str, values: Mapping[str, Any]) -> str:
    """The same as HTML: the source is Markdown, the values in it are text."""
    return markdown.render(render_markdown(source, values))


def _render(source: str, values: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    try:
        result = _template(source, write).render(Context(_prepared(values), autoescape=False))
    except MissingValue:
        raise
    except Exception as error:
        # Filters and `for` raise all sorts of things for a value of another kind than the author thought of.
        raise Invalid(
            "The text does not fit a value of this account: a number, for instance, where it expects a list.",
            code="template",
        ) from error
    if len(result) > LONGEST_RESULT:
        raise Invalid(f"The mail would be longer than {LONGEST_RESULT:,} characters.", code="too_long")
    return str.__str__(result)


@lru_cache(maxsize=64)
def _template(source: str, write: Callable[[Any], str]) -> Template:
    template = Template(source, engine=_ENGINE)
    nodes: Iterable[Any] = template.nodelist.get_nodes_by_type(VariableNode)
    for node in nodes:
        # The last filter of each, so that whatever the others made of a value goes through it.
        node.filter_expression.filters.append((write, []))
    return template


def _prepared(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain dictionaries in which every name there is says something, or that it is missing."""
    found: dict[str, Any] = {}
    for group, names in FIELDS.items():
        given = values.get(group) or {}
        known = {name: _Missing(f"{group}.{name}") for name in names}
        found[group] = _Group(
            group, {**known, **{name: _value(f"{group}.{name}", held) for name, held in given.items()}}
        )
    return found


class _Group(dict[str, Any]):
    """What is known of the contact, account...; an attribute nobody has heard of is missing, not empty."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.name = name

    def __missing__(self, key: str) -> Any:
        return _Missing(f"{self.name}.{key}")


def _value(name: str, held: Any) -> Any:
    if isinstance(held, list):
        held = _Several(each for each in held if each not in (None, ""))
    return _Missing(name) if held is None or held in ("", []) else held


def _names(nodes: Iterable[Any], bound: frozenset[str]) -> Iterator[str]:
    """Every name a template looks up, but those that a `for` around it binds."""
    for node in nodes:
        if isinstance(node, VariableNode):
            yield from _looked_up(node.filter_expression, bound)
        elif isinstance(node, ForNode):
            if bound:
                # Each would multiply what comes out.
                raise Invalid("A “for” cannot stand within another one.", code="template")
            if len(node.loopvars) > 1:
                raise Invalid("A “for” has one name: {% for use in account.uses %}.", code="template")
            yield from _looked_up(node.sequence, bound)
            yield from _names(node.nodelist_loop, bound | set(node.loopvars) | {"forloop"})
            yield from _names(node.nodelist_empty, bound)
        elif isinstance(node, IfNode):
            for condition, inside in node.conditions_nodelists:
                yield from _conditions(condition, bound)
                yield from _names(inside, bound)


def _conditions(condition: Any, bound: frozenset[str]) -> Iterator[str]:
    for part in (getattr(condition, "first", None), getattr(condition, "second", None)):
        if part is not None:
            yield from _conditions(part, bound)
    value = getattr(condition, "value", None)
    if isinstance(value, FilterExpression):
        yield from _looked_up(value, bound)


def _looked_up(expression: Any, bound: frozenset[str]) -> Iterator[str]:
    """The names in an expression and in what its filters are given."""
    given = [arg for _, args in getattr(expression, "filters", ()) for lookup, arg in args if lookup]
    for variable in (getattr(expression, "var", None), *given):
        lookups = getattr(variable, "lookups", None)
        # What `for` binds is one text, of which nothing can be asked; only its counter has parts.
        if lookups and (lookups[0] not in bound or len(lookups) > 1 and lookups[0] != "forloop"):
            yield ".".join(lookups)


def _known(name: str) -> str:
    """What is wrong with a name; empty if it may be asked for."""
    group, _, field = name.partition(".")
    if group not in FIELDS or not field:
        return f"Ask for something of {', '.join(FIELDS)}: account.name."
    if "." in field:
        return "Ask for one thing of it: account.name."
    if group != "account" and field not in FIELDS[group]:
        return f"Of {group} there are: {', '.join(FIELDS[group])}."
    return ""  # an account has its attributes besides


def _plain(message: str) -> str:
    """Django's message without what only programmers understand."""
    message = re.sub(r"Did you forget to register or load this tag\?", "Only if and for can be used", message)
    return message.rstrip(".")
