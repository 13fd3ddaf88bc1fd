"""The parts of an item's page below its facts: review, checklist, links, files. Each is also a partial."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.content.forms import ChecklistForm, FileForm, LinkForm, ReviewersForm, ReviewForm
from apps.content.linked import linked_to, offer_for
from apps.content.models import CalendarItem
from apps.content.policies import is_others_work
from apps.content.reviewing import review_of
from apps.core.actors import Actor
from apps.launches.models import Launch
from apps.launches.policies import can_comment, can_work_on_record


def sections_of(actor: Actor, item: CalendarItem) -> dict[str, Any]:
    """What the templates of all parts need. A fixed number of queries, whatever hangs on the item."""
    review = review_of(item)
    linked = linked_to([item]).get(item.pk)
    may_work = can_work_on_record(actor, item)
    open_ = not item.is_closed and linked is None
    asked = open_ and can_comment(actor, item) and review.asks(actor, item)
    context: dict[str, Any] = {
        "item": item,
        "review": review,
        "linked": linked,
        "may_work": may_work,
        "may_submit": may_work and open_ and item.status in {"idea", "drafting"},
        "is_waiting": review.demanded and not review.is_complete and not item.is_closed,
        "is_asked": asked and is_others_work(actor, item),
        "is_own_work": asked and not is_others_work(actor, item),
        "review_form": ReviewForm(initial={"version": item.version}, auto_id="review-%s"),
        "checklist": list(item.checklist.select_related("done_by")),
        "links": list(item.links.all()),
        "assets": list(item.assets.select_related("uploaded_by")),
    }
    offer = offer_for(item) if may_work and open_ else None
    context["offer"] = offer and {"label": offer.label, "url": offer.address(item)}
    context["done_count"] = sum(entry.done_at is not None for entry in context["checklist"])
    if may_work:
        context |= {
            "checklist_form": ChecklistForm(auto_id="todo-%s"),
            "link_form": LinkForm(auto_id="link-%s"),
            "file_form": FileForm(auto_id="file-%s"),
        }
    return context


def reviewers_form(item: CalendarItem, data: Any = None) -> ReviewersForm:
    """The people who may see the launch, those asked already ticked."""
    initial = {
        "reviewers": list(item.reviewers.values_list("user", flat=True)),
        "version": item.version,
    }
    return ReviewersForm(data, initial=initial, people=_people(item.launch), auto_id="reviewers-%s")


def _people(launch: Launch) -> QuerySet[User]:
    people = User.objects.filter(is_active=True).exclude(role=User.Role.VIEWER)
    if launch.restricted:
        people = people.filter(memberships__launch=launch).distinct()
    return people.order_by("name")
