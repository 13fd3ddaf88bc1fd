"""Who takes part in a launch."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet

from apps.core.api.views import Changing, Creating, Listing, Removing, Retrieving
from apps.core.errors import Conflict, NotFound
from apps.launches import policies, selectors
from apps.launches.api.serializers import MemberSerializer
from apps.launches.models import Launch, Member
from apps.launches.services import members


class MembersView(Listing, Retrieving, Creating, Changing, Removing):
    """The members of a launch; its owners and administrators change them."""

    serializer_class = MemberSerializer
    queryset = Member.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk", "name": "user__name", "role": "role"}

    @cached_property
    def launch(self) -> Launch:
        return selectors.launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.members(self.launch)

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such member of this launch.")
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require("launches.own", self.actor, self.launch)

    def create_from(self, values: dict[str, Any]) -> Any:
        if self.get_queryset().filter(user=values["user"]).exists():
            raise Conflict("This person is a member already: change that.", code="already_member")
        return members.set_member(actor=self.actor, launch=self.launch, **values)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Any:
        return members.set_member(
            actor=self.actor,
            launch=self.launch,
            user=obj.user,
            role=values.get("role", obj.role),
            team=values.get("team", obj.team),
            version=version,
        )

    def remove(self, obj: Any, version: int | None) -> None:
        members.remove_member(actor=self.actor, member=obj, version=version)
