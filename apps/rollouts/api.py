"""Phases with their state, and rollout steps reached, as endpoints."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import ApiViewSet
from apps.launches import kinds, selectors
from apps.launches.api.records import RecordsView
from apps.launches.api.serializers import record_serializer
from apps.launches.models import Phase
from apps.rollouts import services
from apps.rollouts.models import RolloutStep

PHASE_ACTIONS = ("start", "hold", "resume", "finish", "reopen")


class StartPhaseSerializer(StrictSerializer):
    """Why a phase starts although gates are open; not needed when all are signed off."""

    despite = TextField(max_length=2000, required=False, allow_blank=True, default="")


class PhasesView(RecordsView):
    """The launch's phases; one of them runs at a time."""

    kind_key = "phase"

    def _become(self, state: str, despite: str = "") -> Response:
        phase = self.get_object()
        services.set_phase_state(
            actor=self.actor, phase=phase, to=state, despite=despite, version=self.version(phase)
        )
        return self.answer(self.get_object())

    @extend_schema(request=StartPhaseSerializer)
    def start(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start the phase. 400 (`gates_open`) while gates are not signed off, unless `despite` says why."""
        body = StartPhaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._become(Phase.State.ACTIVE, body.validated_data["despite"])

    @extend_schema(request=None)
    def hold(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hold the running phase."""
        return self._become(Phase.State.HELD)

    @extend_schema(request=None)
    def resume(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go on with a phase on hold."""
        return self._become(Phase.State.ACTIVE)

    @extend_schema(request=None)
    def finish(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Finish the phase."""
        return self._become(Phase.State.FINISHED)

    @extend_schema(request=None)
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Run a finished phase again."""
        return self._become(Phase.State.ACTIVE)


class RolloutStepsView(ApiViewSet):
    """What people say about a rollout step besides its fields."""

    queryset = RolloutStep.objects.none()

    def get_serializer_class(self) -> Any:
        return record_serializer("rollout_step")

    def _reach(self, reached: bool) -> Response:
        launch = selectors.launch_by_slug(self.actor, self.kwargs["slug"])
        kind = kinds.get("rollout_step")
        step = selectors.record(launch, kind, self.kwargs["pk"])
        services.reach_step(actor=self.actor, step=_step(step), reached=reached, version=self.version(step))
        return self.answer(selectors.record(launch, kind, step.pk))

    @extend_schema(request=None)
    def reach(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The rollout stands at this step now. Steps are reached in order, in a running phase."""
        return self._reach(True)

    @extend_schema(request=None)
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The rollout does not stand at this step (any more)."""
        return self._reach(False)


def _step(record: Any) -> RolloutStep:
    if not isinstance(record, RolloutStep):
        raise TypeError("not a rollout step")
    return record
