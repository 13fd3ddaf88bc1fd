"""Writing: drafts, publishing, bookings, hosting, letters."""
