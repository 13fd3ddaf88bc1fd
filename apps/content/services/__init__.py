"""Writing the calendar: single items, many at once, what is typed in a line, other days, saved views."""

from apps.content.services.items import mirror_status, remember_parts, set_status, split_item

__all__ = ["mirror_status", "remember_parts", "set_status", "split_item"]
