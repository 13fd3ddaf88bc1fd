"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.launches.models import Channel, KeyMessage, Mitigation, OverviewFact, Phase, Segment


def register() -> None:
    kinds.register(
        Kind(
            key="overview",
            model=OverviewFact,
            label="Overview fact",
            plural="Overview facts",
            counts_key="overview",
            section="overview",
            icon="info",
            fields=("title", "text"),
            title_label="Label",
            text_label="Value",
        ),
        Kind(
            key="phase",
            model=Phase,
            label="Phase",
            plural="Phases",
            counts_key="phases",
            section="phases",
            icon="layers",
            fields=("title", "audience", "rule", "goal", "owner", "text"),
            labels={"rule": "Audience rule"},
            summary=("audience", "goal"),
            has_page=True,
        ),
        Kind(
            key="key_message",
            model=KeyMessage,
            label="Key message",
            plural="Key messages",
            counts_key="key_messages",
            section="communication",
            icon="message-square-quote",
            fields=("title", "rank", "label", "text"),
            title_label="Message",
            summary=("label",),
        ),
        Kind(
            key="channel",
            model=Channel,
            label="Channel",
            plural="Channels",
            counts_key="channels",
            section="communication",
            icon="radio",
            fields=("title", "channel_kind", "text", "owner", "in_service"),
            labels={"channel_kind": "Kind", "in_service": "In service"},
            summary=("channel_kind",),
        ),
        Kind(
            key="segment",
            model=Segment,
            label="Segment",
            plural="Segments",
            counts_key="segments",
            section="segments",
            icon="users",
            fields=("title", "rank", "role", "pain_point", "value_proposition", "rule", "text"),
            labels={"rule": "Audience rule", "rank": "Primary or secondary"},
            summary=("rank", "role"),
        ),
        Kind(
            key="mitigation",
            model=Mitigation,
            label="Risk mitigation",
            plural="Risk mitigations",
            counts_key="mitigations",
            section="rollback",
            icon="shield",
            fields=("title", "text", "likelihood", "impact", "prepared_message", "message_approved", "owner"),
            labels={"message_approved": "The prepared message is approved"},
            summary=("likelihood", "impact"),
        ),
    )
