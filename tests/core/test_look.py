"""The look keeps its promises: contrast of the tokens, weight of what is sent, nothing the policy refuses."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

ROOT = Path(settings.BASE_DIR)
TOKENS = (ROOT / "static/css/tokens.css").read_text()
TEXT_CONTRAST, CONTROL_CONTRAST = 4.5, 3.0
KILOBYTE = 1024

Colour = tuple[float, float, float]


def linear_srgb(lightness: float, chroma: float, hue: float) -> Colour:
    """OKLCH to linear sRGB, clipped to the gamut (CSS Color 4)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    rgb = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in rgb)
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2's contrast ratio of two colours given in linear light."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = sorted(
        sum(weight * channel for weight, channel in zip(weights, colour, strict=True))
        for colour in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def token(name: str, theme: str) -> Colour:
    found = re.search(rf"--{name}: light-dark\(oklch\(([^)]+)\), oklch\(([^)]+)\)\)", TOKENS)
    assert found, name
    lightness, chroma, hue = (float(part) for part in found[1 if theme == "light" else 2].split()[:3])
    return linear_srgb(lightness, chroma, hue)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["canvas", "surface", "sunken"])
@pytest.mark.parametrize("ink", ["ink", "muted", "accent", "ok", "warn", "bad"])
def test_text_can_be_read_on_every_ground(ink: str, ground: str, theme: str) -> None:
    assert contrast(token(ink, theme), token(ground, theme)) >= TEXT_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_primary_buttons_can_be_read(theme: str) -> None:
    for ground in ("accent", "accent-strong"):
        assert contrast(token("on-accent", theme), token(ground, theme)) >= TEXT_CONTRAST
    assert contrast(token("accent", theme), token("accent-wash", theme)) >= TEXT_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["canvas", "surface"])
def test_controls_stand_out_from_the_page(ground: str, theme: str) -> None:
    assert contrast(token("control", theme), token(ground, theme)) >= CONTROL_CONTRAST


def test_black_on_white_has_the_contrast_everybody_knows() -> None:
    assert contrast(linear_srgb(0, 0, 0), linear_srgb(1, 0, 0)) == pytest.approx(21, abs=0.01)


def compressed(names: list[str]) -> int:
    total = 0
    for name in names:
        path = finders.find(name)
        assert isinstance(path, str), name
        total += len(gzip.compress(Path(path).read_bytes(), 9))
    return total


def test_every_page_carries_little_style_and_script() -> None:
    base = (ROOT / "templates/layouts/base.html").read_text()
    styles = re.findall(r'{% static "(css/[^"]+)" %}', base)
    scripts = re.findall(r'{% static "(js/[^"]+)" %}', base)
    assert styles
    assert scripts
    assert compressed(styles) < 25 * KILOBYTE
    assert compressed([*scripts, "django_htmx/htmx-2.min.js"]) < 35 * KILOBYTE


def test_no_template_carries_what_the_content_policy_refuses() -> None:
    refused = re.compile(r"""<[^>]*\s(?:style\s*=|on[a-z]+\s*=\s*["']|hx-on)""")
    for template in (ROOT / "templates").rglob("*.html"):
        text = template.read_text()
        assert not refused.search(text), template.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template.name
        assert "<style" not in text, template.name


def test_every_class_of_the_style_guide_is_described() -> None:
    """A class nobody wrote a rule for is a typing error (or a handle for a script)."""
    css = "".join(path.read_text() for path in (ROOT / "static/css").glob("*.css"))
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", css))
    guide = (ROOT / "templates/portal/styleguide.html").read_text()
    used = {name for value in re.findall(r'class="([^"{]+)"', guide) for name in value.split()}
    assert used <= known
