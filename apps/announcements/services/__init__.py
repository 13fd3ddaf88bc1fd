"""Writing announcements, approving them, showing them in time, and what users did with them."""
