"""What several of the tables agree on."""

from __future__ import annotations

ADDRESS_LENGTH = 254  # RFC 5321: a path holds 256 octets, two of them its brackets
TOPIC_LENGTH = 60
