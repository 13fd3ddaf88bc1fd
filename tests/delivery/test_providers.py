"""Sending through a provider's API over real HTTP: what goes out, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from apps.core.actors import SYSTEM
from apps.delivery import providers
from apps.delivery.models import Delivery, DeliveryEvent
from apps.delivery.reports import copy_of
from apps.delivery.services import feedback
from apps.delivery.services.worker import Lane, Stop
from apps.delivery.sources import Claimed, Message, Unrenderable
from launchportal.environment import PROVIDERS, mail_from
from tests.delivery import worlds
from tests.delivery.provider import Answer, Provider
from tests.delivery.testapp.source import Numbers, register
from tests.live import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """A running provider that the settings point to, as Postmark."""
    made = Provider()
    made.start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": made.url, "MAILGUN_API_KEY": "key",
        "MAILGUN_SENDER_DOMAIN": "example.com", "MAILGUN_API_URL": made.url, "REQUESTS_TIMEOUT": 5,
        "WEBHOOK_SECRET": ["hook:password"],
    }  # fmt: skip
    yield made
    made.stop()


@pytest.fixture
def send(settings: Any) -> Callable[[], int]:
    from apps.delivery.services.worker import Worker

    settings.DELIVERY_RELAY_PAUSE_SECONDS = 0
    return lambda: Worker(lanes=1).run()


INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive.\n"
    "Found inactive addresses: user1@d1.example.com.\nInactive recipients are ones that have bounced."
)


class Tracked(Numbers):
    def message(self, row: Claimed) -> Message | Unrenderable:
        found = super().message(row)
        assert isinstance(found, Message)
        found.track = True
        return found


def test_what_goes_out_names_its_row_and_tracks_nobody(provider: Provider, send: Callable[[], int]) -> None:
    mailing = worlds.scheduled(1)
    assert send() == 1
    row = Delivery.objects.get(mailing=mailing)
    assert (row.state, row.provider_id) == ("accepted", "pm-1")
    sent = provider.got[0]["fields"]
    assert sent["Metadata"] == {"delivery": str(row.pk), "copy": copy_of(row.message_id)}
    assert sent["Tag"] == f"mailing-{mailing.pk}"
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (False, "None")
    assert (sent["From"], sent["To"]) == ("Kai CSM <csm@example.com>", "Person 1 <user1@d1.example.com>")
    headers = {each["Name"]: each["Value"] for each in sent["Headers"]}
    assert headers["Message-ID"] == row.message_id
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Number 1" in sent["TextBody"] and "Number 1" in sent["HtmlBody"]


def test_a_mailing_that_asks_for_it_counts_opens_but_not_links(
    provider: Provider, send: Callable[[], int]
) -> None:
    register(Tracked())
    worlds.scheduled(1)
    send()
    sent = provider.got[0]["fields"]
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (True, "None")


def test_mailgun_takes_the_same(provider: Provider, send: Callable[[], int], settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    mailing = worlds.scheduled(1)
    assert send() == 1
    row = Delivery.objects.get(mailing=mailing)
    assert row.provider_id == "<1.mail@provider.example>"
    sent = provider.got[0]["fields"]
    assert (sent["v:delivery"], sent["v:copy"]) == (str(row.pk), copy_of(row.message_id))
    assert (sent["o:tracking-clicks"], sent["o:tracking-opens"]) == ("no", "no")
    assert sent["h:Message-Id"] == row.message_id


def test_what_it_calls_about_finds_the_row(provider: Provider, send: Callable[[], int]) -> None:
    from anymail.webhooks.postmark import PostmarkTrackingWebhookView

    mailing = worlds.scheduled(2)
    send()
    for number, request in enumerate(provider.got, start=1):
        raw = {
            "RecordType": "Delivery",
            "MessageID": f"pm-{number}",
            "Metadata": request["fields"]["Metadata"],
        }
        if number == 1:
            del raw["Metadata"]
        event = PostmarkTrackingWebhookView().esp_to_anymail_event(json.loads(json.dumps(raw)))
        report = providers.report_of(event, "Postmark")
        assert report is not None
        assert feedback.take(actor=SYSTEM, report=report) == "recorded"
    told = DeliveryEvent.objects.filter(mailing_id=mailing.pk, kind="delivered")
    assert told.values("delivery").distinct().count() == 2


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((422, {"ErrorCode": 300, "Message": "Invalid email request"}), "failed"),
        ((422, {"ErrorCode": 406, "Message": INACTIVE}), "failed"),
        ((422, {"ErrorCode": 406, "Message": "Reworded one day"}), "uncertain"),
        ((200, {"ErrorCode": 0, "Message": "OK", "MessageID": "m", "To": "not an address"}), "uncertain"),
        ((400, {"Message": "no"}), "failed"),
        ((401, {"Message": "wrong key"}), "ready"),
        ((429, {"Message": "too many"}), "ready"),
        ((500, {"Message": "stumbled"}), "uncertain"),
        ((503, "<html>away</html>"), "uncertain"),
        ((200, "no JSON"), "uncertain"),
        ("drop", "uncertain"),
    ],
)
def test_what_its_answers_mean(
    provider: Provider, send: Callable[[], int], answer: Answer, state: str
) -> None:
    provider.answer = lambda count: answer
    mailing = worlds.scheduled(1)
    send()
    assert worlds.states(mailing) == {state: 1}
    send()
    assert len(provider.got) == 1, "nothing is sent again by itself, or before its time"


def test_a_provider_that_is_away_has_taken_nothing(send: Callable[[], int], settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    mailing = worlds.scheduled(1)
    send()
    assert worlds.states(mailing) == {"ready": 1}
    assert "not to be reached" in Delivery.objects.get(mailing=mailing).reply


def test_anymails_own_test_backend_sees_the_same(settings: Any, send: Callable[[], int]) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    mail.outbox = []
    worlds.scheduled(1)
    assert send() == 1
    given = mail.outbox[0].anymail_test_params  # type: ignore[attr-defined]
    assert given["track_opens"] is False and given["track_clicks"] is False
    assert set(given["metadata"]) == {"delivery", "copy"}


def test_a_provider_without_such_switches_still_sends(provider: Provider, settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.brevo.EmailBackend"
    settings.ANYMAIL = {"BREVO_API_KEY": "key", "BREVO_API_URL": provider.url}
    provider.answer = lambda count: (201, {"messageId": "<b1@provider.example>"})
    mailing = worlds.running(1)
    lane = Lane(Stop(), 10)
    lane.step()
    lane.close()
    assert worlds.states(mailing) == {"accepted": 1}
    assert json.loads(provider.got[0]["fields"]["headers"]["X-Mailin-custom"])["copy"]


# Settings -------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    import os

    for name in os.environ:
        if name.startswith(("ANYMAIL_", "EMAIL_")):
            monkeypatch.delenv(name)
    return monkeypatch


def test_a_provider_is_named_and_its_keys_are_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EMAIL_PROVIDER", "Mailgun")
    environment.setenv("ANYMAIL_MAILGUN_API_KEY", " key ")
    found = mail_from(production=False)
    assert found.backend == "anymail.backends.mailgun.EmailBackend"
    assert found.anymail["MAILGUN_API_KEY"] == "key"
    assert found.webhooks == [], "nothing would verify them"
    environment.setenv("ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY", "signing")
    assert mail_from(production=True).webhooks == ["mailgun"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"EMAIL_PROVIDER": "pigeon"}, "brevo"),
        ({"EMAIL_PROVIDER": "mailjet", "ANYMAIL_MAILJET_API_KEY": "k"}, "ANYMAIL_MAILJET_SECRET_KEY"),
        ({"EMAIL_PROVIDER": "postmark", "ANYMAIL_POSTMARK_SERVER_TOKEN": "t"}, "ANYMAIL_WEBHOOK_SECRET"),
        (
            {"EMAIL_PROVIDER": "mailgun", "ANYMAIL_MAILGUN_API_KEY": "k"},
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
        ),
        ({"EMAIL_WEBHOOKS": "postmark"}, "ANYMAIL_WEBHOOK_SECRET"),
        ({"ANYMAIL_WEBHOOK_SECRET": "without-a-name"}, "name:password"),
    ],
)
def test_it_does_not_start_without_what_it_needs(
    environment: pytest.MonkeyPatch, given: dict[str, str], named: str
) -> None:
    for name, value in given.items():
        environment.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=named):
        mail_from(production=True)


def test_webhooks_of_a_provider_used_by_smtp(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EMAIL_HOST", "smtp.example.com")
    environment.setenv("EMAIL_WEBHOOKS", "postmark, mailgun")
    environment.setenv("ANYMAIL_WEBHOOK_SECRET", "hook:password1,hook:password2")
    found = mail_from(production=True)
    assert found.backend.endswith("smtp.EmailBackend")
    assert found.webhooks == ["postmark", "mailgun"]
    assert found.anymail["WEBHOOK_SECRET"] == ["hook:password1", "hook:password2"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_named_has_a_backend_and_webhooks(name: str) -> None:
    from importlib import import_module

    from apps.delivery import webhooks

    assert import_module(f"anymail.backends.{name}").EmailBackend
    assert webhooks.patterns([name])
