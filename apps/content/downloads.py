"""Files people uploaded, handed out so that they are never shown in the portal's own name."""

from __future__ import annotations

from urllib.parse import quote

from django.http import FileResponse

from apps.content.models import Asset


def download_of(asset: Asset) -> FileResponse:
    """The file as a download (RFC 6266 for its name), whatever it claims to be."""
    response = FileResponse(asset.file.open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(asset.name)}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Length"] = str(asset.size)
    return response
