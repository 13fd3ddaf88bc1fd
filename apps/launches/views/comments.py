"""The conversation about a record: beside it on its page, in the sheet on others."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import Invalid
from apps.core.pages import done, is_partial, show
from apps.launches import kinds, selectors, threads
from apps.launches.forms.records import CommentForm
from apps.launches.models import Launch, LaunchRecord
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.services import comments as speaking


@launch_page("GET", "POST")
def comments(request: LaunchRequest, launch: Launch, kind: str, pk: int) -> HttpResponse:
    """Everything said about a record; saying something."""
    record = selectors.record(launch, kinds.get(kind), pk)
    form = CommentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            speaking.add_comment(actor=request.actor, record=record, text=form.cleaned_data["text"])
        except Invalid as error:
            form.refuse(error)
        else:
            return _after(request, launch, record)
    return _thread(request, launch, record, form, status=422 if form.is_bound else 200)


@launch_page("POST")
def remove(request: LaunchRequest, launch: Launch, kind: str, pk: int, comment: int) -> HttpResponse:
    """Take a comment back."""
    record = selectors.record(launch, kinds.get(kind), pk)
    speaking.remove_comment(actor=request.actor, record=record, pk=comment)
    return _after(request, launch, record)


def _after(request: LaunchRequest, launch: Launch, record: LaunchRecord) -> HttpResponse:
    if is_partial(request):
        return _thread(request, launch, record, CommentForm())
    page = reverse("launches:record", args=[launch.slug, record.kind, record.pk])
    return done(request, "", to=f"{page}#comments")


def _thread(
    request: LaunchRequest, launch: Launch, record: LaunchRecord, form: CommentForm, status: int = 200
) -> HttpResponse:
    context = {
        "launch": launch,
        "kind": kinds.of(record),
        "record": record,
        "thread": threads.thread_of(request.actor, record, form),
    }
    # Opened from elsewhere it fills the sheet; answered there, or on the record's page, only itself changes.
    partial = "launches/comments_sheet.html" if request.method == "GET" else "launches/comments.html"
    return show(request, "launches/comments_page.html", context, partial=partial, status=status)
