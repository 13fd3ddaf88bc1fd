"""Reading, writing, versioning and checking whole launch plans."""
