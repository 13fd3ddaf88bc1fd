"""An announcement in several languages: what is chosen, what an approval covers, how it is written."""

from __future__ import annotations

from typing import Any

import pytest

from apps.announcements.languages import choose, wanted_by
from apps.announcements.models import Announcement, Translation
from apps.announcements.services import writing
from apps.core.errors import Invalid
from tests.announcements.test_endpoints import Program, live
from tests.announcements.test_pages import base, signed_in, words
from tests.announcements.worlds import World

GERMAN = {"language": "de", "title": "Einstellungen sind jetzt einfacher", "body": "**Einmal** festlegen.",
          "action_label": "Ansehen"}  # fmt: skip
BRAZILIAN = {"language": "pt-BR", "title": "Mais simples", "body": "", "action_label": ""}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at,en;q=0.5", "de"),
        ("fr,de;q=0.5", "de"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("*,de;q=0.5", "en"),
        ("en,de;q=0.9", "en"),
        ("en-GB,de;q=0.9", "en"),
        ("pt", "pt-BR"),
        ("pt-PT,de;q=0.1", "pt-BR"),
        ("de;q=0,pt", "pt-BR"),
        ("fr;q=0.8,de;q=0.9", "de"),
        ("nonsense; ;;", "en"),
        ("d" * 5000, "en"),
    ],
)
def test_the_nearest_language_is_chosen(wanted: str, chosen: str) -> None:
    assert choose(wanted_by(wanted), ["en", "de", "pt-BR"], "en") == chosen


def shown(world: World, **values: Any) -> Announcement:
    return live(
        world,
        body="Set **once**.",
        action_label="Look",
        action_url="https://example.com",
        translations=[GERMAN, BRAZILIAN],
        **values,
    )


def test_the_feed_speaks_the_users_language(world: World) -> None:
    shown(world)
    product = Program(world, "editor", "feed")

    def entry(query: str = "", **headers: str) -> dict[str, Any]:
        path = f"/announcements/feed?account=a&user=u{query}"
        [found] = product.get(path, **headers).json()["announcements"]
        return found  # type: ignore[no-any-return]

    german = entry(**{"Accept-Language": "de-CH, en;q=0.5"})
    assert (german["language"], german["title"], german["action_label"]) == ("de", GERMAN["title"], "Ansehen")
    assert german["html"] == "<p><strong>Einmal</strong> festlegen.</p>\n"
    assert entry()["language"] == entry(**{"Accept-Language": "fr"})["language"] == "en"
    assert entry("&language=de", **{"Accept-Language": "en"})["title"] == GERMAN["title"]
    brazilian = entry("&language=pt-br")
    assert (brazilian["title"], brazilian["action_label"]) == ("Mais simples", "Look")
    assert brazilian["html"] == "<p>Set <strong>once</strong>.</p>\n"
    refused = product.get("/announcements/feed?account=a&user=u&language=x%20y")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["language"])
    answer = product.get("/announcements/feed?account=a&user=u")
    assert "Accept-Language" in answer["Vary"]


def test_translations_need_approval_too(world: World) -> None:
    approved = world.approved(translations=[GERMAN])
    same = writing.change(
        actor=world.act("editor"), announcement=approved, values={"translations": [dict(GERMAN)]}
    )
    assert (same.state, same.version) == ("approved", approved.version)
    changed = writing.change(
        actor=world.act("editor"),
        announcement=approved,
        values={"translations": [{**GERMAN, "title": "Anders"}]},
    )
    assert changed.state == "draft"
    assert [each.title for each in Translation.objects.all()] == ["Anders"]


def test_what_says_nothing_about_translations_leaves_them(world: World) -> None:
    draft = world.draft(translations=[GERMAN])
    writing.change(actor=world.act("editor"), announcement=draft, values={"title": "Other"})
    assert Translation.objects.count() == 1


@pytest.mark.parametrize(
    "translations",
    [
        [GERMAN, GERMAN],
        [{**GERMAN, "language": "en"}],
        [{**GERMAN, "language": "German"}],
        [{**GERMAN, "language": "DE"}],
        [{**GERMAN, "title": ""}],
        [{**GERMAN, "title": "x" * 201}],
        [{**GERMAN, "title": "x\x00"}],
        [{**GERMAN, "colour": "red"}],
        [{**GERMAN, "language": f"a{chr(97 + n // 26)}{chr(97 + n % 26)}"} for n in range(41)],
        "x",
        [5],
    ],
)
def test_translations_that_make_no_sense_are_refused(world: World, translations: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        world.draft(translations=translations)
    assert refusal.value.field == "translations"
    answer = Program(world, "editor").post(
        f"/launches/{world.launch.slug}/announcements/", {"title": "x", "translations": translations}
    )
    assert answer.status_code == 400
    assert not Announcement.objects.exists()


def test_its_own_language_cannot_become_that_of_a_translation(world: World) -> None:
    draft = world.draft(translations=[GERMAN])
    with pytest.raises(Invalid, match="already"):
        writing.change(actor=world.act("editor"), announcement=draft, values={"language": "de"})


def test_by_the_api(world: World) -> None:
    program = Program(world, "editor")
    made = program.post(
        f"/launches/{world.launch.slug}/announcements/", {"title": "x", "translations": [GERMAN, BRAZILIAN]}
    ).json()
    assert made["translations"] == [GERMAN, BRAZILIAN]
    path = f"/announcements/{made['id']}/"
    changed = program.send("patch", path, {"translations": []}, **{"If-Match": "*"})
    assert (changed.status_code, changed.json()["translations"]) == (200, [])


def formset(*rows: dict[str, str], initial: int = 0) -> dict[str, str]:
    found = {"tr-TOTAL_FORMS": str(len(rows)), "tr-INITIAL_FORMS": str(initial)}
    for place, row in enumerate(rows):
        found |= {f"tr-{place}-{name}": value for name, value in row.items()}
    return found


def test_the_composer_writes_them(world: World) -> None:
    client = signed_in(world, "editor")
    empty = dict.fromkeys(GERMAN, "")
    answer = client.post(base(world) + "new/", {**words(), **formset(GERMAN, empty)})
    assert answer.status_code == 302
    made = Announcement.objects.get()
    assert [str(each) for each in made.translations.all()] == [f"de: {GERMAN['title']}"]
    page = client.get(f"{base(world)}{made.pk}/edit/").content.decode()
    assert GERMAN["title"] in page
    gone = client.post(
        f"{base(world)}{made.pk}/edit/",
        {**words(), **formset(empty, empty, initial=1), "version": made.version},
    )
    assert (gone.status_code, made.translations.count()) == (302, 0)


@pytest.mark.parametrize(
    "row",
    [
        {**GERMAN, "language": ""},
        {**GERMAN, "title": ""},
        {**GERMAN, "language": "Deutsch"},
        {**GERMAN, "language": "en"},
    ],
)
def test_the_composer_says_what_is_wrong_with_one(world: World, row: dict[str, str]) -> None:
    answer = signed_in(world, "editor").post(base(world) + "new/", {**words(), **formset(row)})
    assert answer.status_code == 422
    assert row["body"] in answer.content.decode()
    assert not Announcement.objects.exists()
