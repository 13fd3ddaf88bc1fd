"""A product's own web server on another origin: pages with the widget for a user whom it signs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from apps.announcements.identities import sign_identity

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The product</title>
<script src="{portal}/widget.js" defer data-key="{key}" data-identity="{identity}" data-surface="{surface}"
 data-poll="2"></script><script src="/page.js" defer></script></head>
<body><main><h1>The product</h1><p>Works without the portal.</p><button id="own">Own button</button>
<output id="said">nothing</output> <output id="unread">-</output></main></body></html>"""
# A page's own script, which has to go on working whatever the widget does.
SCRIPT = """document.getElementById("own").addEventListener("click", () => {
  document.getElementById("said").textContent = "clicked";
});
document.addEventListener("launchportal:count", (event) => {
  document.getElementById("unread").textContent = String(event.detail);
});
addEventListener("error", (event) => { document.title = `broken: ${event.message}`; });
addEventListener("unhandledrejection", (event) => { document.title = `broken: ${event.reason}`; });"""


@dataclass
class ProductServer:
    """Where it is, and what it knows of the portal: its address, a key and the key's secret."""

    url: str = ""
    portal: str = ""
    key: str = ""
    secret: str = ""

    def identity(self, user: str) -> str:
        """What the product's server says of who is looking, signed."""
        said = {"key": self.key, "account": "acme", "user": user, "exp": int(time.time()) + 3600}
        return sign_identity(said, self.secret)


@contextmanager
def serving() -> Iterator[ProductServer]:
    """Runs until left. `/?user=u1&surface=home&portal=...` is a page, with a policy as strict as can be."""
    here = ProductServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            portal = asked.get("portal", here.portal)
            body, kind = "", "text/plain"
            if address.path == "/page.js":
                body, kind = SCRIPT, "text/javascript"
            elif address.path == "/":
                body, kind = (
                    PAGE.format(
                        portal=portal, key=here.key, identity=here.identity(asked.get("user", "u1")),
                        surface=asked.get("surface", "home"),
                    ),
                    "text/html",
                )  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; script-src 'self' {portal}; connect-src {portal}; base-uri 'none'; "
                "require-trusted-types-for 'script'; trusted-types launch-portal",
            )
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
