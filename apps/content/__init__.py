"""The content calendar's items."""
