"""Django's entry point to this app."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "apps.outreach"

    def ready(self) -> None:
        from apps.content import linked
        from apps.delivery import sources
        from apps.outreach import calendar, receivers, source  # noqa: F401

        linked.register(
            "outreach",
            calendar.find,
            channel_kind="outreach",
            offer=linked.Offer("Write the campaign", calendar.write_one),
        )

        sources.register(source.CAMPAIGN, source.Campaigns())
        sources.register(source.TEST, source.Tests())
        sources.register_topic(
            source.TOPIC, "News for your account", "What your contact here writes to you about."
        )
