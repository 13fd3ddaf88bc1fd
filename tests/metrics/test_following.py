"""A metric that only targets name gets a row of its own."""

from __future__ import annotations

import pytest

from apps.audit.models import Event
from apps.core.errors import NotAllowed
from apps.metrics.models import Metric
from apps.metrics.services import follow
from tests.portal.worlds import HTMX, World


@pytest.fixture
def named(world: World) -> Metric:
    world.add("segment", title="Accountants", targets="50% reduction in filing time")
    return Metric.objects.get(launch=world.launch, listed=False)


def test_it_is_shown_where_it_can_be_followed_and_then_has_a_row(world: World, named: Metric) -> None:
    client = world.client("editor")
    path = f"{world.path}metrics/"
    body = client.get(path).content.decode()
    assert f'id="metric-{named.pk}"' in body
    assert "for Accountants" in body
    answer = client.post(f"{path}{named.pk}/follow/", headers=HTMX)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert (f'id="metric-{named.pk}"' in body, f'id="kpi-{named.pk}"' in body) == (False, True)
    assert client.get(f"{world.path}plan/kpi/{named.pk}/edit/").status_code == 200
    assert Event.objects.filter(verb="kpi.followed", object_id=str(named.pk)).count() == 1


def test_following_twice_is_following_once(world: World, named: Metric) -> None:
    for _ in range(2):
        follow(actor=world.actor("owner"), metric=named)
    named.refresh_from_db()
    assert (named.listed, named.version) == (True, 2)
    assert Event.objects.filter(verb="kpi.followed").count() == 1


def test_it_comes_after_the_rows_there_are(world: World, named: Metric) -> None:
    world.add("kpi", title="Adoption")
    follow(actor=world.actor("owner"), metric=named)
    titles = Metric.objects.filter(launch=world.launch, listed=True).values_list("title", flat=True)
    assert list(titles) == ["Adoption", named.title]


def test_a_contributor_owns_what_they_follow_and_a_viewer_follows_nothing(
    world: World, named: Metric
) -> None:
    with pytest.raises(NotAllowed):
        follow(actor=world.actor("viewer"), metric=named)
    assert world.client("viewer").post(f"{world.path}metrics/{named.pk}/follow/").status_code == 403
    assert "/follow/" not in world.client("viewer").get(f"{world.path}metrics/").content.decode()
    follow(actor=world.actor("contributor"), metric=named)
    named.refresh_from_db()
    assert named.owner == world.people["contributor"]


def test_a_metric_of_another_launch_is_not_found(world: World, named: Metric) -> None:
    Metric.objects.filter(pk=named.pk).update(launch=world.secret)
    assert world.client("owner").post(f"{world.path}metrics/{named.pk}/follow/").status_code == 404
