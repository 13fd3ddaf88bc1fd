"""The Celery application: how messages travel, and the static schedule of polls.

A message is a doorbell, the database row is the queue: losing, repeating or delaying one changes nothing but
latency. So there is no result backend, no eta and no countdown, and a message dies with the next tick.
"""

from __future__ import annotations

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import (
    celeryd_init,
    setup_logging,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)
from django.conf import settings
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchportal.settings")

TICKS, DEFAULT = "ticks", "default"

# Only JSON is accepted, so a worker that runs as root does not hand root to whoever reaches the broker.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("launchportal")


def _queue(name: str) -> Queue:
    arguments = {"x-queue-type": "quorum"} if settings.BROKER_KIND == "rabbitmq" else None
    return Queue(name, Exchange(name, type="direct"), routing_key=name, queue_arguments=arguments)


# https://docs.celeryq.dev/en/stable/userguide/configuration.html
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    # Celery prefers the environment's CELERY_BROKER_URL to broker_url, and cannot read what `pgmq:` means.
    broker_read_url=settings.CELERY_BROKER_URL,
    broker_write_url=settings.CELERY_BROKER_URL,
    broker_transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=2,
    task_queues=[_queue(DEFAULT), _queue(TICKS)],
    task_default_queue=DEFAULT,
    task_default_exchange=DEFAULT,
    task_default_routing_key=DEFAULT,
    # Announcements go live within a second: they have a queue and a worker slot of their own.
    task_routes={
        "announcements.go_live": {"queue": TICKS},
        "core.tick": {"queue": TICKS},
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=120,
    task_time_limit=150,
    # Off would be slower: a refused port is then tried over and over by the connection itself.
    task_publish_retry_policy={
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    },
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_send_task_events=False,
    # Its reply queues' names are too long for the queue inside the database; rows of heartbeats replace it.
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    enable_utc=True,
    timezone="UTC",
    beat_scheduler="apps.core.heartbeats:Scheduler",
    beat_max_loop_interval=1,
    beat_schedule={
        "go-live": {"task": "announcements.go_live", "schedule": 0.5, "options": {"expires": 1}},
        # Sends what bells and their loss left; a run that finds a worker at it ends at once.
        "deliver": {
            "task": "delivery.poll",
            "schedule": settings.DELIVERY_POLL_SECONDS,
            "options": {"expires": 2 * settings.DELIVERY_POLL_SECONDS},
        },
        "follow-the-clock": {
            "task": "schedule.follow_the_clock",
            "schedule": 30.0,
            "options": {"expires": 60},
        },
        "remind": {"task": "schedule.remind", "schedule": 60.0, "options": {"expires": 120}},
        "digests": {"task": "schedule.send_digests", "schedule": 60.0, "options": {"expires": 120}},
        "escalate": {"task": "work.escalate_overdue", "schedule": 300.0, "options": {"expires": 600}},
        "make-follow-ups": {"task": "outreach.make_follow_ups", "schedule": 30.0, "options": {"expires": 60}},
        "follow-campaigns": {
            "task": "outreach.follow_calendar",
            "schedule": 15.0,
            "options": {"expires": 30},
        },
        "find-imports": {"task": "audience.find_imports", "schedule": 30.0, "options": {"expires": 60}},
        # Round trips that show that somebody takes work from each queue.
        "tick-ticks": {"task": "core.tick", "args": [TICKS], "schedule": 2.0, "options": {"expires": 4}},
        "tick-default": {
            "task": "core.tick",
            "args": [DEFAULT],
            "schedule": 2.0,
            "options": {"expires": 4, "queue": DEFAULT},
        },
    },
)
if settings.BROKER_KIND == "rabbitmq":
    app.conf.update(task_default_queue_type="quorum", worker_detect_quorum_queues=True)
app.autodiscover_tasks()


@setup_logging.connect
def _log_like_django(**_: Any) -> None:
    """Keep Celery from installing handlers of its own: settings.LOGGING is the one set-up."""
    logging.config.dictConfig(settings.LOGGING)


@celeryd_init.connect
def _listen(**_: Any) -> None:
    """A worker's main process waits for notifications instead of sleeping between polls."""
    if settings.BROKER_KIND == "pgmq":
        from celery.concurrency import prefork

        from launchportal.pool import SurvivingPool

        prefork.TaskPool.BlockingPool = SurvivingPool
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, "use_notify": True}


@worker_process_init.connect
def _do_not_listen(**_: Any) -> None:
    """Its children only publish; listening there makes publishing fail."""
    if settings.BROKER_KIND == "pgmq":
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, "use_notify": False}


_pulses: list[Any] = []


@worker_ready.connect
def _show_life(sender: Any, **_: Any) -> None:
    """A worker's main process writes its heartbeat row from a thread of its own.

    Beat rings on while no worker lives, and the queue in the database keeps expired messages. A thousand dead
    polls would stand between a new worker and the next live one, so they go.
    """
    from apps.core.heartbeats import Pulse

    queues = sender.app.amqp.queues.consume_from
    if TICKS in queues:
        with sender.app.connection_for_write() as connection:
            queues[TICKS].bind(connection.default_channel).purge()
    pulse = Pulse("worker", sorted(queues))
    _pulses.append(pulse)
    pulse.start()


@worker_shutting_down.connect
def _leave(**_: Any) -> None:
    """An orderly stop removes the row."""
    for pulse in _pulses:
        pulse.stop()
