"""Templates of mails: a safe, small language; what is missing stops one recipient, what is wrong is told."""

from __future__ import annotations

import html as entities
import re
from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.outreach.wording import FILTERS, MissingValue, check, render_html, render_subject, render_text

VALUES: dict[str, Any] = {
    "contact": {"name": "Ann Lee", "first_name": "Ann", "role": ""},
    "account": {"name": "Acme", "projects": 12, "uses": ["reviews", "triage"], "trial": False, "value": None},
    "csm": {"name": "Jo Kim"},
    "launch": {"name": "Settings"},
}
VALUES["account"]["none"] = []
# How each filter is written.
USES = {name: name for name in FILTERS} | {
    "default": 'default:"x"', "join": 'join:", "', "truncatewords": "truncatewords:50",
}  # fmt: skip
HOSTILE = [
    "[free](https://evil.example/x)",
    "![seen](https://evil.example/x.png)",
    "<https://evil.example/x>",
    "https://evil.example/x www.evil.example",
    "<script>evil</script><a href='https://evil.example'>x</a><img src=x onerror=evil()>",
    "`code` ``more``` ~~~",
    "x\n# Big\n\n> quoted\n\n- one\n1. two\n***\n    code",
    "x\n===",
    "**b** __b__ *e* _e_ ~~s~~",
    "[free][1]\n\n[1]: https://evil.example",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "&lt;a href=&quot;https://evil.example&quot;&gt; &#60;b&#62;",
    "](https://evil.example) [",
    "\\[free\\](https://evil.example)",
]
TAGS = re.compile(r"<(?!/?p>)[^>]*>")


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("Hello {{ contact.first_name }}", "Hello Ann"),
        ('{{ contact.role|default:"there" }}', "there"),
        ('{{ account.unheard_of|default:"none" }}', "none"),
        ("{% if account.projects > 10 %}many{% else %}few{% endif %}", "many"),
        ("{% if contact.role %}yes{% else %}no{% endif %}", "no"),
        ("{% if not account.value %}unknown{% endif %}", "unknown"),
        ("{% if account.nothing|length > 0 %}some{% else %}none{% endif %}", "none"),
        ("{% for use in account.nothing|first %}x{% empty %}none{% endfor %}", "none"),
        ("{% for use in account.uses %}{{ forloop.counter }}{% endfor %}", "12"),
        ("{% for use in account.uses %}{{ use|upper }} {% endfor %}", "REVIEWS TRIAGE "),
        ("{% for use in account.nothing %}x{% empty %}none{% endfor %}", "none"),
        ('{{ account.uses|join:", " }}', "reviews, triage"),
        ("{{ account.projects }} project{{ account.projects|pluralize }}", "12 projects"),
        ("{{ account.trial }}", "False"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
    ],
)
def test_what_is_known_is_written(source: str, result: str) -> None:
    check(source, what="body")
    assert render_text(source, VALUES) == result


@pytest.mark.parametrize(
    "source",
    [
        "Dear {{ contact.role }}",
        "{{ account.value }}",
        "{{ account.unheard_of }}",
        "{{ csm.email }}",
        "{{ contact.role|upper }}",
        "{{ contact.role|title|lower }}",
        "{% for use in account.uses %}{{ contact.role }}{% endfor %}",
        "{{ account.name|default:contact.role|upper }}{{ contact.role|default:account.value }}",
        "{{ account.uses|join:contact.role }}",
        "{{ account.none }}",
        *(f"{{{{ account.none|{use} }}}}" for use in USES.values() if "default" not in use),
        *(f"{{{{ contact.role|{use}|upper }}}}" for use in USES.values() if "default" not in use),
    ],
)
def test_what_is_not_known_and_has_no_fallback_is_never_written_as_nothing(source: str) -> None:
    for render in (render_text, render_html, render_subject):
        with pytest.raises(MissingValue):
            render(source, VALUES)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% load static %}", "Only if and for"),
        ("{% include 'x' %}", "Only if and for"),
        ("{% extends 'x' %}", "Only if and for"),
        ("{% csrf_token %}", "Only if and for"),
        ("{% debug %}", "Only if and for"),
        ("{{ contact.name|safe }}", "Invalid filter: 'safe'"),
        ("{{ contact.name|center:'999999999' }}", "Invalid filter: 'center'"),
        ("{{ contact.name|ljust:'999999999' }}", "Invalid filter"),
        ("{{ contact.name|pprint }}", "Invalid filter"),
        ("line\nline\n{% if contact.name %}", r"line 3"),
        ("{{ contact.name", None),
        ("{{ name }}", "There is no “name”"),
        ("{{ user.password }}", "There is no “user.password”"),
        ("{{ contact.password }}", "Of contact there are"),
        ("{% if settings.SECRET_KEY %}x{% endif %}", "There is no “settings.SECRET_KEY”"),
        ("{{ contact.name.format }}", "There is no “contact.name.format”"),
        ("{{ contact.__class__ }}", "underscores"),
        ("{{ account.items.0.1 }}", "There is no"),
        ("{{ account.name|default:user.password }}", "There is no “user.password”"),
        ("{% for use in account.uses %}{{ use.name }}{% endfor %}", "There is no “use.name”"),
        ("{% for a, b in account.uses %}{% endfor %}", "one name"),
        ("{% for x in contact.secrets %}{% endfor %}", "Of contact there are"),
        ("x" * 20_001, "20,000"),
    ],
)
def test_what_could_do_more_than_write_is_refused_with_its_place(source: str, message: str | None) -> None:
    if message is None:
        check(source, what="body")  # an unclosed bracket is text
        return
    with pytest.raises(Invalid, match=message) as caught:
        check(source, what="body")
    assert caught.value.field == "body"


@pytest.mark.parametrize(
    "source",
    [
        "Call {{ contact.name }}",
        "Call {{ account.name|default:contact.email }}",
        "{% if contact.role %}Call{% endif %}",
        "{% for letter in contact.name %}{{ letter }}{% endfor %}",
    ],
)
def test_a_title_that_many_read_asks_for_no_contact(source: str) -> None:
    check(source, what="follow_up_script")
    with pytest.raises(Invalid, match="may not see contacts") as caught:
        check(source, what="follow_up_title")
    assert caught.value.field == "follow_up_title"


def test_a_value_is_text_in_html_whatever_it_holds() -> None:
    values = {"account": {"name": "<script>x</script> [free](https://evil.example) **b** `c`\n# Big"}}
    html = render_html("Hello **{{ account.name }}**, [ours](https://ours.example)", values)
    assert "<script" not in html
    assert "evil.example</a>" not in html
    assert '<a href="https://evil' not in html
    assert "<h1>" not in html
    assert '<a href="https://ours.example"' in html
    assert html.count("<strong>") == 1


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", FILTERS)
def test_no_filter_makes_a_value_more_than_text(name: str, hostile: str) -> None:
    values = {"account": {"name": hostile, "uses": [hostile, hostile]}}
    use = USES[name]
    for source in (
        f"Hello {{{{ account.name|{use} }}}}",
        f"{{{{ account.name|{use} }}}}",
        f"{{{{ account.uses|{use} }}}}",
        f"{{% for u in account.uses %}}{{{{ u|{use} }}}} {{% endfor %}}",
        f"{{{{ account.name|{use}|capfirst }}}}",
        f"{{{{ account.name|lower|{use} }}}}",
        f"{{{{ account.uses|first|{use} }}}}",
        f"{{{{ account.none|default:account.name|{use} }}}}",
        f"{{% if account.name|{use} %}}{{{{ account.name|{use} }}}}{{% endif %}}",
    ):
        check(source, what="body")
        html = render_html(source, values)
        assert not TAGS.search(html), source
        shown = " ".join(entities.unescape(html.replace("<p>", "").replace("</p>", "")).split())
        assert shown == " ".join(render_text(source, values).split()), source


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "source",
    [
        "\\{{ account.name }}",
        "[{{ account.name }}](https://ours.example)",
        "`{{ account.name }}`",
        "{{ account.uses }}",
        "<https://ours.example/{{ account.name }}>",
        "{{ account.name }}\n{{ account.name }}",
    ],
)
def test_nothing_around_a_value_makes_it_more_than_text(source: str, hostile: str) -> None:
    html = render_html(source, {"account": {"name": hostile, "uses": [hostile]}})
    links = re.findall(r'href="([^"]*)"', html)
    assert all(link.startswith("https://ours.example") for link in links)
    assert not re.search(r"<(script|img|h1|h2|blockquote|li|table)", html)


def test_a_list_as_a_whole_is_read_like_one() -> None:
    assert render_text("{{ account.uses }} {{ account.uses|capfirst }}", VALUES) == (
        "reviews, triage Reviews, triage"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{{ account.projects|first }}",
        "{{ account.projects|last }}",
        "{% for a in account.projects %}x{% endfor %}",
        "{% for a, b in account.uses %}{{ a }}{% endfor %}",
    ],
)
def test_a_template_that_does_not_fit_a_value_is_told_not_raised(source: str) -> None:
    for render in (render_text, render_html, render_subject):
        with pytest.raises(Invalid, match="does not fit"):
            render(source, VALUES)


def test_a_subject_is_one_line() -> None:
    values = {"account": {"name": "Acme\r\nBcc: everybody@example.com"}}
    assert (
        render_subject("News for\n{{ account.name }}", values) == "News for Acme Bcc: everybody@example.com"
    )
    assert len(render_subject("{{ account.name }}", {"account": {"name": "x" * 900}})) == 250


def test_what_comes_out_is_limited() -> None:
    loop = "{% for use in account.uses %}" + "x" * 2000 + "{% endfor %}"
    check(loop, what="body")
    with pytest.raises(Invalid, match="longer than 100,000"):
        render_text(loop, {"account": {"uses": ["a"] * 100}})


def test_nested_loops_cannot_grow_without_end() -> None:
    deep = "{% for a in account.uses %}" * 30 + "x" + "{% endfor %}" * 30
    with pytest.raises(Invalid, match="within another"):
        check(deep, what="body")
