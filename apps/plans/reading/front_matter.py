"""Front matter: the `---` fenced facts some documents begin with, read as plain `key: value` lines."""

from __future__ import annotations

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}


def front_matter_end(lines: list[str]) -> int:
    """How many lines the front matter takes, both fences included; 0 if the document has none.

    A thematic break at the very top is no front matter: every line up to the closing fence must be a fact,
    a list entry, an indented continuation, a comment or blank, with at least one fact.
    """
    closers = _FENCES.get(lines[0].rstrip()) if lines else None
    if not closers:
        return 0
    facts = 0
    for index in range(1, min(len(lines), 200)):
        line = lines[index]
        stripped = line.strip()
        if stripped in closers and line == line.lstrip():
            return index + 1 if facts else 0
        if not stripped or stripped.startswith(("#", "- ")) or line[0] in " \t":
            continue
        separator = "=" if lines[0].startswith("+") else ":"
        key, found, _ = stripped.partition(separator)
        if not found or len(key) > 60:
            return 0
        facts += 1
    return 0
