"""Pages of one launch: found by its slug, shown only to who may see it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from apps.core.pages import PageRequest, page
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug

P = ParamSpec("P")


class LaunchRequest(PageRequest):
    """`launch` is what the frame around the page (navigation, ruler) reads."""

    launch: Launch


LaunchView = Callable[Concatenate[LaunchRequest, Launch, P], HttpResponse]


def launch_page(
    *methods: str,
) -> Callable[[LaunchView[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """As `core.pages.page`, for a view of a launch: it takes the launch where the address has `slug`."""

    def decorate(view: LaunchView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        def found(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            slug = str(kwargs.pop("slug"))
            request.launch = launch_by_slug(request.actor, slug)  # type: ignore[attr-defined]
            return view(request, request.launch, *args, **kwargs)  # type: ignore[arg-type,attr-defined]

        functools.update_wrapper(found, view)
        return page(*methods)(found)

    return decorate
