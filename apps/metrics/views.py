"""A launch's metrics: what each aims at, what was measured, and recording a measurement."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import Invalid, NotFound
from apps.core.pages import done, is_partial, show
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.metrics import selectors, services
from apps.metrics.forms import MeasurementForm
from apps.metrics.models import Metric


@launch_page()
def metrics(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """All listed metrics by group: target, newest value, how fresh it is, and its course."""
    return _metrics(request, launch)


def _metrics(request: LaunchRequest, launch: Launch) -> HttpResponse:
    found = selectors.at_a_glance(launch)
    groups: dict[str, list[selectors.MetricAtAGlance]] = {}
    for each in found:
        groups.setdefault(each.metric.group, []).append(each)
    verdicts = Counter(each.verdict for each in found)
    context = {
        "launch": launch,
        "groups": list(groups.items()),
        "named": selectors.only_named(launch),
        "total": len(found),
        "passing": verdicts["pass"],
        "failing": verdicts["fail"],
        "unknown": verdicts["no_data"],
        "may_measure": policies.can_contribute(request.actor, launch),
    }
    return show(request, "metrics/metrics.html", context, partial="metrics")


def _metric(launch: Launch, pk: int) -> Metric:
    metric = Metric.objects.filter(launch=launch, pk=pk).first()
    if metric is None:
        raise NotFound("There is no such metric in this launch.")
    metric.launch = launch
    return metric


@launch_page("POST")
def follow(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Give a metric that only targets name a row of its own."""
    metric = services.follow(actor=request.actor, metric=_metric(launch, pk))
    message = f"“{metric.title[:80]}” is one of the launch's metrics now."
    if is_partial(request):
        messages.success(request, message)
        return _metrics(request, launch)
    return done(request, message, to=reverse("launches:metrics", args=[launch.slug]))


@launch_page("GET", "POST")
def measure(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Record what a metric was."""
    policies.require("launches.contribute", request.actor, launch)
    metric = _metric(launch, pk)
    form = MeasurementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.measure(actor=request.actor, metric=metric, **form.cleaned_data)
        except Invalid as error:
            form.refuse(error)
        else:
            message = f"Recorded {metric.title[:80]}: {form.cleaned_data['value'].normalize():f}."
            if is_partial(request):
                messages.success(request, message)
                response = _metrics(request, launch)
                response["HX-Retarget"], response["HX-Reswap"] = "#metrics", "outerHTML"
                response["HX-Trigger"] = "sheet:close"
                return response
            return done(request, message, to=reverse("launches:metrics", args=[launch.slug]))
    context = {
        "launch": launch,
        "metric": metric,
        "form": form,
        "measurements": metric.measurements.all()[:8],
        "each": selectors.one_at_a_glance(metric),
    }
    status = 422 if request.method == "POST" else 200
    return show(request, "metrics/measure.html", context, partial="metrics/measure_sheet.html", status=status)
