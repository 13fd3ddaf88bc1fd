"""What is text and what is not, for documents and fields alike."""

from __future__ import annotations

import re

# Control characters no text holds; tab, line feed, form feed, carriage return and escape are let through, as
# editors and terminals leave them in documents.
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
