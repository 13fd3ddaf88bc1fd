"""A provider of mail on this machine: takes Mailgun's and Postmark's requests over real HTTP and remembers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, Any] | str


class Provider:
    """`answer`, given the count of the request, may give (status, body), or "drop" to close without a word."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.counting = threading.Lock()
        self.answer: Callable[[int], Answer | None] = lambda count: None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fields = _fields(body, self.headers["Content-Type"])
                with owner.counting:
                    owner.got.append({"path": self.path, "fields": fields, "headers": dict(self.headers)})
                    count = len(owner.got)
                found = owner.answer(count)
                if found == "drop":
                    self.close_connection = True
                    self.connection.close()
                    return
                status, answer = (
                    found if isinstance(found, tuple) else (200, _taken(self.path, fields, count))
                )
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def _taken(path: str, fields: dict[str, Any], count: int) -> Any:
    if path.endswith("/messages"):
        return {"id": f"<{count}.mail@provider.example>", "message": "Queued. Thank you."}
    return {
        "ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{count}", "SubmittedAt": "2031-01-01", "To": fields["To"],
    }  # fmt: skip


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    """A request's fields, whatever it is written in."""
    if content_type.startswith("application/json"):
        found: dict[str, Any] = json.loads(body)
        return found
    if content_type.startswith("multipart/form-data"):
        whole = f"Content-Type: {content_type}\r\n\r\n".encode() + body
        parts = message_from_bytes(whole, policy=policy.HTTP).iter_parts()  # type: ignore[attr-defined]
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
            for part in parts
        }
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
