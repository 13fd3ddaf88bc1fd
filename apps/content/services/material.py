"""What is kept with an item: its checklist, its links, its files."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import PurePath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.content.models import Asset, CalendarItem, ChecklistEntry, ItemLink
from apps.content.models.material import MOST_ASSETS, MOST_ENTRIES, MOST_LINKS
from apps.content.services.approving import touch
from apps.content.services.changing import follow_content
from apps.core.actors import Actor
from apps.core.characters import CONTROL
from apps.core.clock import now
from apps.core.errors import Invalid, NotFound
from apps.launches import policies
from apps.launches.services import records

LARGEST_ASSET = 25 * 1024 * 1024


def add_entry(*, actor: Actor, item: CalendarItem, text: str) -> ChecklistEntry:
    """Something more to do, at the end of the checklist."""
    with transaction.atomic():
        item = _hold(actor, item)
        _room(item.checklist.count(), MOST_ENTRIES, "entries")
        last = item.checklist.aggregate(last=Max("position"))["last"]
        entry = ChecklistEntry(item=item, text=text.strip(), position=0 if last is None else last + 1)
        _store(entry)
        touch(actor=actor, item=item, verb="checklist_added", changes={"checklist": [None, entry.text]})
    return entry


def tick_entry(*, actor: Actor, item: CalendarItem, pk: int, done: bool = True) -> ChecklistEntry:
    """Say that something on the checklist is done, or open again."""
    with transaction.atomic():
        item = _hold(actor, item)
        entry: ChecklistEntry = _one(item.checklist.all(), pk, "entry on the checklist")
        if (entry.done_at is not None) == done:
            return entry
        entry.done_at = now() if done else None
        entry.done_by = actor.user if done and isinstance(actor.user, User) else None
        entry.save()
        verb = "checklist_ticked" if done else "checklist_unticked"
        touch(actor=actor, item=item, verb=verb, changes={"checklist": [entry.text, done]})
    return entry


def remove_entry(*, actor: Actor, item: CalendarItem, pk: int) -> None:
    with transaction.atomic():
        item = _hold(actor, item)
        entry: ChecklistEntry = _one(item.checklist.all(), pk, "entry on the checklist")
        entry.delete()
        touch(actor=actor, item=item, verb="checklist_removed", changes={"checklist": [entry.text, None]})


def add_link(
    *, actor: Actor, item: CalendarItem, url: str, title: str = "", kind: str = ItemLink.Kind.OTHER
) -> ItemLink:
    """Keep an http or https address with an item; the same one twice is the same one."""
    with transaction.atomic():
        item = _hold(actor, item)
        _room(item.links.count(), MOST_LINKS, "links")
        link = ItemLink(item=item, url=url.strip(), title=title.strip(), kind=kind)
        found = item.links.filter(url=link.url).first()
        if found is not None:
            return found
        _store(link)
        touch(actor=actor, item=item, verb="link_added", changes={"links": [None, link.url]})
    return link


def remove_link(*, actor: Actor, item: CalendarItem, pk: int) -> None:
    with transaction.atomic():
        item = _hold(actor, item)
        link = _one(item.links.all(), pk, "link")
        link.delete()
        touch(actor=actor, item=item, verb="link_removed", changes={"links": [link.url, None]})


def add_asset(*, actor: Actor, item: CalendarItem, upload: UploadedFile[Any]) -> Asset:
    """Keep a file with an item, at most 25 MiB. It belongs to what is approved, so that is asked again.

    The stored file is written first: should the transaction fail, a file nobody names is left, never a row
    without its file.
    """
    policies.require("records.work", actor, item)
    name = PurePath((upload.name or "").replace("\\", "/")).name.strip()
    if not name or CONTROL.search(name) or len(name) > 200:
        raise Invalid("Give the file a plain name of at most 200 characters.", field="file")
    if not upload.size:
        raise Invalid(f"“{name}” is empty.", field="file", code="empty")
    if upload.size > LARGEST_ASSET:
        raise Invalid(
            f"“{name}” has {upload.size / 1024**2:,.1f} MiB; a file has at most 25.",
            field="file",
            code="too_large",
        )
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    with transaction.atomic():
        item = _hold(actor, item)
        _room(item.assets.count(), MOST_ASSETS, "files")
        asset = Asset(
            item=item,
            name=name,
            size=upload.size,
            sha256=digest.hexdigest(),
            # By its name: what a browser says of a file is not to be believed either.
            media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            uploaded_by=actor.user if isinstance(actor.user, User) else None,
        )
        asset.file.save(name, File(upload.file), save=False)
        _store(asset, exclude=("file",))
        _content_changed(actor, item, "asset_added", {"assets": [None, name]})
    return asset


def remove_asset(*, actor: Actor, item: CalendarItem, pk: int) -> None:
    """Take a file away; it is deleted once the change is stored."""
    with transaction.atomic():
        item = _hold(actor, item)
        asset = _one(item.assets.all(), pk, "file")
        storage, path = asset.file.storage, asset.file.name
        asset.delete()
        _content_changed(actor, item, "asset_removed", {"assets": [asset.name, None]})
        transaction.on_commit(lambda: storage.delete(path or ""))


def _content_changed(actor: Actor, item: CalendarItem, verb: str, changes: dict[str, list[Any]]) -> None:
    """Its files belong to what is approved: another set asks again, as another text does."""
    item.authors = actor.added_to(item.authors)
    follow_content(item, changes)
    touch(actor=actor, item=item, verb=verb, changes=changes)


def _hold(actor: Actor, item: CalendarItem) -> CalendarItem:
    policies.require("records.work", actor, item)
    item = records.lock(item)
    policies.require("records.work", actor, item)
    return item


def _room(there: int, most: int, what: str) -> None:
    if there >= most:
        raise Invalid(f"An item has at most {most} {what}.", code="too_many")


def _one(found: Any, pk: int, what: str) -> Any:
    one = found.filter(pk=pk).first()
    if one is None:
        raise NotFound(f"This item has no such {what} any more.")
    return one


def _store(row: models.Model, exclude: tuple[str, ...] = ()) -> None:
    try:
        row.full_clean(exclude={"item", *exclude})
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    row.save()
