"""In-app announcements: approval, schedule, going live, the feed."""
