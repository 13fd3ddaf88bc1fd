"""The widget as a file: small, cached briefly, and for everybody; and the make-believe product around it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from apps.announcements.models import Receipt
from apps.announcements.selectors import Figures, database_now, figures
from apps.audience.models import Account
from apps.core.clock import now
from tests.announcements.test_endpoints import API, live
from tests.announcements.test_pages import base, signed_in
from tests.announcements.test_targeting import rollout
from tests.announcements.worlds import World

WIDGET = Path(settings.BASE_DIR) / "static" / "js" / "widget.js"


def test_it_is_under_eight_kilobytes_compressed() -> None:
    assert len(gzip.compress(WIDGET.read_bytes(), 9)) < 8 * 1024


def test_it_needs_nothing_that_a_strict_policy_refuses() -> None:
    script = WIDGET.read_text()
    for forbidden in (
        "eval(",
        "new Function",
        ".style.",
        'setAttribute("style"',
        "<style",
        "import(",
        "document.write",
    ):
        assert forbidden not in script, forbidden


def test_anybody_gets_it_for_five_minutes() -> None:
    plain = Client().get("/widget.js")
    assert (plain.status_code, plain.content) == (200, WIDGET.read_bytes())
    assert plain["Content-Type"].startswith("text/javascript")
    assert plain["Cache-Control"] == "public, max-age=300"
    assert plain["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not plain.cookies
    packed = Client().get("/widget.js", headers={"Accept-Encoding": "br, gzip"})
    assert (packed["Content-Encoding"], gzip.decompress(packed.content)) == ("gzip", plain.content)
    assert "Accept-Encoding" in packed["Vary"]
    again = Client().get("/widget.js", headers={"If-None-Match": plain["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().post("/widget.js").status_code == 405


def identity_in(page: Any) -> str:
    return str(page.context["demo"].identity)


def feed_of(page: Any, origin: str | None = None) -> Any:
    headers = {"X-Launch-Identity": identity_in(page)} | ({"Origin": origin} if origin else {})
    return Client(headers=headers).get(f"{API}/announcements/feed")


def test_the_make_believe_user_sees_what_an_account_like_theirs_sees(world: World) -> None:
    rollout(world, 1)
    Account.objects.create(
        external_id="acme", name="Acme", plan="team", value="50000.5",
        attributes={"projects": 7, **{f"n{number}": "x" * 500 for number in range(60)}},
    )  # fmt: skip
    made = live(world, audience_rule="plan = team and projects < 50 and value > 50000", only_exposed=True)
    page = signed_in(world, "viewer").get(f"{base(world)}{made.pk}/product/")
    assert (page.status_code, page.context["demo"].reasons) == (200, [])
    assert [row["id"] for row in feed_of(page).json()["announcements"]] == [made.pk]


def test_it_says_why_nothing_shows(world: World) -> None:
    draft = world.draft(audience_rule="plan = team", only_exposed=True)
    page = signed_in(world, "editor").get(f"{base(world)}{draft.pk}/product/")
    assert len(page.context["demo"].reasons) == 3
    assert b"does not show here" in page.content


def test_what_colleagues_try_out_is_in_no_figure_and_can_be_undone(world: World) -> None:
    made = live(world)
    client = signed_in(world, "editor")
    page = client.get(f"{base(world)}{made.pk}/product/")
    answer = Client(headers={"X-Launch-Identity": identity_in(page), "Origin": "http://testserver"}).post(
        f"{API}/announcements/receipts",
        {
            "receipts": [
                {
                    "announcement": made.pk,
                    "first_seen_at": now().isoformat(),
                    "dismissed_at": now().isoformat(),
                }
            ]
        },
        content_type="application/json",
    )
    assert answer.json()["stored"] == 1
    assert figures(made) == Figures(seen=0, clicked=0, dismissed=0)
    assert feed_of(page).json() == {"announcements": []}
    signed_in(world, "viewer").post(f"{base(world)}{made.pk}/product/start-over/")
    assert Receipt.objects.count() == 1
    assert client.post(f"{base(world)}{made.pk}/product/start-over/").status_code == 302
    assert not Receipt.objects.exists()


def test_the_demonstration_stands_on_the_portal_alone(world: World) -> None:
    made = live(world)
    page = signed_in(world, "editor").get(f"{base(world)}{made.pk}/product/")
    assert feed_of(page, "https://evil.example.com").status_code == 403
    assert feed_of(page, "http://testserver").status_code == 200


def test_only_who_sees_the_launch_sees_it(world: World) -> None:
    address = f"{base(world)}{live(world).pk}/product/"
    assert "/accounts/login/" in Client().get(address)["Location"]
    type(world.launch).objects.filter(pk=world.launch.pk).update(restricted=True)
    stranger = signed_in(world, "stranger")
    assert stranger.get(address).status_code == stranger.post(f"{address}start-over/").status_code == 404


def test_the_make_believe_product_says_why_who_saw_it_sees_it_no_more(world: World) -> None:
    made = live(world, most_shows=2, hours_between=4)
    client = signed_in(world, "editor")
    path = f"{base(world)}{made.pk}/product/"
    demo = client.get(path).context["demo"]
    at = database_now()

    def reasons(**seen: Any) -> list[str]:
        Receipt.objects.update_or_create(
            announcement=made, account=demo.account, user=demo.user,
            defaults={"first_seen_at": at - timedelta(days=1), "last_seen_at": at, "shown_count": 1,
                      "dismissed_at": None, **seen},
        )  # fmt: skip
        return list(client.get(path).context["demo"].reasons)

    assert reasons() == ["You saw it in the last 4 hours."]
    assert reasons(last_seen_at=at - timedelta(hours=5)) == []
    assert reasons(shown_count=2) == ["You saw it as often as anybody is to see it."]
    assert reasons(dismissed_at=at) == ["You closed it."]
    client.post(f"{path}start-over/")
    assert client.get(path).context["demo"].reasons == []
