"""An SMTP server that takes everything at once and remembers only when: `python -m benchmarks.outgoing.sink PORT`.

aiosmtpd would be slower than what it is to measure. `RPRT` answers with the count, the first and last arrival,
the p99 (seconds since the epoch) and how many Message-IDs came twice; then it forgets.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time

_ID = re.compile(rb"(?mi)^message-id:\s*(<[^>]+>)")
arrivals: list[float] = []
ids: set[bytes] = set()


class Session(asyncio.Protocol):
    """One connection. Reads lines outside of DATA, and up to the lone dot inside."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.held = bytearray()
        self.in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        answers = []
        while True:
            if self.in_data:
                end = self.held.find(b"\r\n.\r\n")
                if end < 0:
                    break
                found = _ID.search(self.held, 0, end)
                if found:
                    ids.add(found[1])
                arrivals.append(time.time())
                del self.held[: end + 5]
                self.in_data = False
                answers.append(b"250 2.0.0 taken\r\n")
                continue
            end = self.held.find(b"\r\n")
            if end < 0:
                break
            verb = bytes(self.held[:4]).upper()
            del self.held[: end + 2]
            if verb == b"EHLO":
                answers.append(b"250-sink\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.in_data = True
                answers.append(b"354 go\r\n")
            elif verb == b"QUIT":
                answers.append(b"221 bye\r\n")
                self.transport.write(b"".join(answers))
                self.transport.close()
                return
            elif verb == b"RPRT":
                answers.append(report())
            else:
                answers.append(b"250 ok\r\n")
        if answers:
            self.transport.write(b"".join(answers))


def report() -> bytes:
    ordered = sorted(arrivals)
    count = len(ordered)
    values = (ordered[0], ordered[-1], ordered[int(count * 0.99) - 1]) if count else (0.0, 0.0, 0.0)
    answer = f"250 {count} {values[0]:.6f} {values[1]:.6f} {values[2]:.6f} {count - len(ids)}\r\n"
    arrivals.clear()
    ids.clear()
    return answer.encode()


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port, backlog=200)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
