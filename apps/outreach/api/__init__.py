"""Endpoints of campaigns and of who gets their mail."""

from apps.outreach.api.campaigns import ACTIONS, CampaignsView, LaunchCampaignsView
from apps.outreach.api.recipients import DuplicatesView, RecipientsView

__all__ = ["ACTIONS", "CampaignsView", "DuplicatesView", "LaunchCampaignsView", "RecipientsView"]
