"""The gates of a launch's phases: adding, changing, signing off. They show on the page of its phases."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, integer, show
from apps.launches import gates as checks
from apps.launches import policies
from apps.launches.forms.gates import GateForm, SignForm
from apps.launches.models import Gate, Launch, Phase
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.services import gates


@launch_page("GET", "POST")
def add(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """One more gate."""
    policies.require("launches.edit", request.actor, launch)
    form = GateForm(
        request.POST or None,
        launch=launch,
        initial={"phase": integer(request.GET.get("phase"))},
        auto_id="gate-%s",
    )
    if request.method == "POST" and form.is_valid():
        try:
            gate = gates.add_gate(actor=request.actor, launch=launch, values=_values(form))
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, f"Added “{gate.title[:80]}”.", to=_page(launch, gate.phase_id))
    return _form(request, launch, form, "New gate", status=422 if request.method == "POST" else 200)


@launch_page("GET", "POST")
def edit(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Change a gate; what was signed off is open again when it says something else."""
    gate = _gate(launch, pk)
    policies.require("launches.edit", request.actor, launch)
    start = {
        name: getattr(gate, name) for name in ("title", "text", "check_name", "phase", "owner", "version")
    }
    form = GateForm(request.POST or None, launch=launch, initial=start, auto_id="gate-%s")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            version = form.cleaned_data["version"]
            try:
                gates.change_gate(actor=request.actor, gate=gate, values=_values(form), version=version)
            except Conflict as error:
                form.refuse(error)
                status = 409
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"Saved “{gate.title[:80]}”.", to=_page(launch, gate.phase_id))
    return _form(request, launch, form, "Change the gate", gate=gate, status=status)


@launch_page("POST")
def remove(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    gate = _gate(launch, pk)
    gates.remove_gate(actor=request.actor, gate=gate, version=integer(request.POST.get("version")))
    return done(request, f"Removed “{gate.title[:80]}”.", to=_page(launch, gate.phase_id))


@launch_page("POST")
def usual(request: LaunchRequest, launch: Launch, phase: int) -> HttpResponse:
    """A gate for everything the portal can look at."""
    found = Phase.objects.filter(launch=launch, pk=phase).first()
    if found is None:
        raise NotFound("There is no such phase in this launch.")
    made = gates.add_usual_gates(actor=request.actor, launch=launch, phase=found)
    words = f"{len(made)} gate{'' if len(made) == 1 else 's'} added." if made else "They are all there."
    return done(request, words, to=_page(launch, phase))


@launch_page("GET", "POST")
def sign(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """GET shows what speaks for it; POST signs it off, or (`to=open`) takes that back."""
    gate = _gate(launch, pk)
    form = SignForm(request.POST or None, initial={"version": gate.version}, auto_id="sign-%s")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            act = gates.reopen_gate if request.POST.get("to") == "open" else gates.sign_gate
            try:
                gate = act(
                    actor=request.actor,
                    gate=gate,
                    note=form.cleaned_data["note"],
                    version=form.cleaned_data["version"],
                )
            except Conflict as error:
                form.refuse(error)
                status = 409
            except Invalid as error:
                form.refuse(error)
            else:
                words = "is signed off" if gate.signed_at else "is open again"
                return done(request, f"“{gate.title[:80]}” {words}.", to=_page(launch, gate.phase_id))
    now = next(each for each in checks.gates_of(launch)[gate.phase_id] if each.gate.pk == gate.pk)
    context = {
        "launch": launch,
        "now": now,
        "gate": gate,
        "form": form,
        "may_sign": policies.can_sign_gate(request.actor, gate),
        "back": _page(launch, gate.phase_id),
    }
    return show(
        request, "launches/gate_sign.html", context, partial="launches/gate_sign_sheet.html", status=status
    )


def _form(
    request: LaunchRequest,
    launch: Launch,
    form: GateForm,
    title: str,
    *,
    gate: Gate | None = None,
    status: int = 200,
) -> HttpResponse:
    phase = gate.phase_id if gate else integer(request.GET.get("phase"))
    context: dict[str, Any] = {
        "launch": launch,
        "form": form,
        "form_title": title,
        "gate": gate,
        "action": request.get_full_path(),
        "back": _page(launch, phase),
    }
    return show(
        request, "launches/gate_form.html", context, partial="launches/gate_form_sheet.html", status=status
    )


def _values(form: GateForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in gates.FIELDS}


def _gate(launch: Launch, pk: int) -> Gate:
    gate = Gate.objects.select_related("phase", "owner").filter(launch=launch, pk=pk).first()
    if gate is None:
        raise NotFound("There is no such gate in this launch.")
    gate.launch = gate.phase.launch = launch
    return gate


def _page(launch: Launch, phase: int | None) -> str:
    return f"{reverse('launches:phases', args=[launch.slug])}{f'#phase-{phase}' if phase else ''}"
