"""Who one is to the API, and the people and teams that records can name."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Team, User
from apps.core.api.views import ApiView, Listing
from apps.core.errors import NotFound


class _TokenScheme(OpenApiAuthenticationExtension):
    """How the API's description names bearer tokens."""

    target_class = "apps.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lp_...",
            "description": "A token made under Settings or by `manage.py create_token`. Its scopes limit it.",
        }


class MeSerializer(serializers.Serializer[Any]):
    """The person the request acts for, and what the token may do."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=User.Role.choices)
    zone = serializers.CharField()
    teams = serializers.ListField(child=serializers.SlugField())
    acts_as = serializers.CharField(help_text="user (a session) or token")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="A token's; none in a session.")


class MeView(ApiView):
    """Whoever asks."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person behind the token or session."""
        person = request.user
        if not isinstance(person, User):
            raise NotFound("There is nobody behind this request.")
        shown = {name: getattr(person, name) for name in ("id", "name", "email", "role", "zone")}
        teams = [team.slug for team in person.teams.all()]
        acting = {"acts_as": self.actor.kind, "scopes": sorted(self.actor.scopes)}
        return Response(MeSerializer({**shown, "teams": teams, **acting}).data)


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person of the company, as records name them."""

    teams = serializers.SlugRelatedField[Any](slug_field="slug", many=True, read_only=True)

    class Meta:
        model = User
        fields = ["id", "name", "teams", "is_active"]


class PersonFilter(django_filters.FilterSet):
    """What the list of people can be narrowed by."""

    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=120)
    team = django_filters.CharFilter(field_name="teams__slug", max_length=60)


class PeopleView(Listing):
    """Everybody who can own work."""

    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    queryset = User.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"name": "name", "id": "pk"}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Any]:
        return User.objects.prefetch_related("teams")


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team; records name it by its slug."""

    class Meta:
        model = Team
        fields = ["id", "slug", "name"]


class TeamsView(Listing):
    """The teams that work can belong to."""

    serializer_class = TeamSerializer
    queryset = Team.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"name": "name", "slug": "slug"}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Any]:
        return Team.objects.all()
