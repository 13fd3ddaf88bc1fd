"""The classes endpoints are made of: authentication, scopes, conditions, keys, pages and problem details."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.core.actors import ANONYMOUS, Actor
from apps.core.api import conditional, idempotency
from apps.core.api.actors import HasScope, actor_of
from apps.core.api.pagination import CursorPages
from apps.core.api.parsers import check_text
from apps.core.models import IdempotentAnswer


class _AnsweredBefore(Exception):
    """This request was answered before: the way out of a view with the stored answer."""

    def __init__(self, stored: IdempotentAnswer) -> None:
        super().__init__(stored.key)
        self.stored = stored


class ApiView(APIView):
    """One endpoint. `self.actor` is who asks; services check what the actor may do.

    A token needs `read_scope` for GET and `write_scope` for the rest.
    """

    permission_classes = [HasScope]
    metadata_class = None
    read_scope: ClassVar[str] = "read"
    write_scope: ClassVar[str] = "write"
    # Methods that want `If-Match`.
    guarded: ClassVar[tuple[str, ...]] = conditional.GUARDED
    actor: Actor = ANONYMOUS
    _keyed = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # With an idempotency key, change and stored answer are one transaction. `initial` opens it once it is
        # known who asks: signing in notes on the token when it was used, and nobody else waits for that.
        with ExitStack() as self._opened:
            response = super().dispatch(request, *args, **kwargs)
            if self._keyed and not status.is_success(response.status_code):
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        for name, values in request._request.GET.lists():
            for text in (name, *values):
                check_text(text, "The address")
        super().initial(request, *args, **kwargs)
        self.actor = actor_of(request)
        request._request.actor = self.actor  # type: ignore[attr-defined]  # as the middleware does for pages
        if key := idempotency.key_of(request):
            self._opened.enter_context(transaction.atomic())
            self._keyed = True
            stored = idempotency.earlier_answer(request, self.actor, key)
            if stored is not None:
                raise _AnsweredBefore(stored)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _AnsweredBefore):
            return idempotency.replay(exc.stored)  # type: ignore[return-value]  # any HttpResponse will do
        return super().handle_exception(exc)

    def finalize_response(  # type: ignore[override]  # a repeated answer is a plain HttpResponse
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        final: Any = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        final.headers.setdefault("Cache-Control", "private, no-cache")
        worked = isinstance(final, Response) and status.is_success(final.status_code)
        if worked and (key := idempotency.key_of(request)):
            final.render()
            idempotency.keep(request, self.actor, key, final)
        answer: HttpResponseBase = final
        return answer


class ApiViewSet(ApiView, GenericViewSet[Any]):
    """Objects of one kind: subclasses say how they are found and which services change them.

    Override `get_object` (raise `NotFound`), `get_queryset`, and of `create_from`, `change_from` and `remove`
    what the mixins below need. `?fields=a,b` leaves out everything else of each object.
    """

    pagination_class = CursorPages
    ordering_fields: ClassVar[Mapping[str, str]] = {"id": "pk"}
    default_ordering: ClassVar[str] = "id"

    def etag(self, obj: Any) -> str:
        """The object's entity tag; more than its version where the answer holds more (`conditional.tag`)."""
        return conditional.tag(obj.version)

    def version(self, obj: Any) -> int | None:
        """The version this request is meant for, to be handed to the service."""
        return conditional.expected_version(self.request, obj.version)

    def location(self, obj: Any) -> str:
        """The address of a new object."""
        base = self.request.path if self.request.path.endswith("/") else f"{self.request.path}/"
        return f"{base}{getattr(obj, self.lookup_field)}/"

    def answer(self, obj: Any, *, code: int = status.HTTP_200_OK) -> Response:
        """One object with its tag."""
        headers = {"ETag": self.etag(obj)}
        if code == status.HTTP_201_CREATED:
            headers["Location"] = self.location(obj)
        return Response(self.pruned(self.read_serializer(obj).data), status=code, headers=headers)

    def values(self, *, partial: bool = False, instance: Any = None) -> dict[str, Any]:
        """The validated body. Raises DRF's `ValidationError`."""
        serializer = self.get_serializer(instance, data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found

    def read_serializer(self, obj: Any, *, many: bool = False) -> BaseSerializer[Any]:
        """What shows an object; the writing serializer unless a view says otherwise."""
        return self.get_serializer(obj, many=many)

    def pruned(self, data: Any) -> Any:
        """Only what `?fields=` asks for. Raises `ParseError` for a name that is not there."""
        wanted = self.request.query_params.get("fields")
        if wanted is None:
            return data
        names = [name.strip() for name in wanted.split(",") if name.strip()]
        known = set(self._known_fields())
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise ParseError(
                f"fields: no “{unknown[0][:60]}”. There are: {', '.join(sorted(known))}."
                if unknown
                else "fields: name at least one.",
                code="fields",
            )
        if isinstance(data, list):
            return [{name: row[name] for name in names} for row in data]
        return {name: data[name] for name in names}

    def _known_fields(self) -> list[str]:
        serializer: Any = self.read_serializer(None)
        return [name for name, field in serializer.fields.items() if not field.write_only]

    def guard(self, obj: Any | None) -> None:
        """Raise unless the actor may change this object, or (None) make one, before the body is looked at.

        Services check again; this only gives the refusal that matters most first.
        """

    def loaded(self, rows: list[Any]) -> list[Any]:
        """Called with each page's rows before they are shown: the place to prefetch for all at once."""
        return rows


class Listing(ApiViewSet):
    """GET of a list, in pages."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        data = self.read_serializer(self.loaded(list(rows or [])), many=True).data
        return self.get_paginated_response(self.pruned(list(data)))


class Retrieving(ApiViewSet):
    """GET of one object; 304 where the caller holds it already."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        current = self.etag(obj)
        if conditional.is_unchanged(request, current):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": current})
        return self.answer(obj)


class Creating(ApiViewSet):
    """POST to a list."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.guard(None)
        return self.answer(self.create_from(self.values()), code=status.HTTP_201_CREATED)

    def create_from(self, values: dict[str, Any]) -> models.Model:
        """Make the object by its service."""
        raise NotImplementedError


class Changing(ApiViewSet):
    """PATCH of one object, with `If-Match`."""

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        self.guard(obj)
        version = self.version(obj)
        return self.answer(self.change_from(obj, self.values(partial=True, instance=obj), version))

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> models.Model:
        """Change the object by its service; `version` goes along and raises `Conflict` there."""
        raise NotImplementedError


class Removing(ApiViewSet):
    """DELETE of one object, with `If-Match`."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        obj = self.get_object()
        self.guard(obj)
        self.remove(obj, self.version(obj))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def remove(self, obj: Any, version: int | None) -> None:
        """Remove the object by its service."""
        raise NotImplementedError


class NoSuchAddress(ApiView):
    """What every other address below /api/v1/ answers: 404 as problem details (401 to strangers)."""

    schema = None

    def _missing(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise Http404

    get = post = put = patch = delete = _missing


def plain_text(text: str, *, content_type: str, filename: str) -> HttpResponse:
    """A document that is not JSON, offered as a file."""
    return HttpResponse(
        text,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
