"""Looking up who may send for a domain, at a name server of our own."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from django.core.management import CommandError, call_command

RECORDS = {
    "good.example.": ['"v=spf1 include:_spf.relay.example " "-all"', '"something else"'],
    "_dmarc.good.example.": ['"v=DMARC1; p=reject"'],
    "key1._domainkey.good.example.": ['"v=DKIM1; k=rsa; p=MIGf"'],
    "open.example.": ['"v=spf1 +all"'],
    "_dmarc.open.example.": ['"v=DMARC1; p=none"'],
    "key1._domainkey.open.example.": ['"v=DKIM1; p="'],
    "twice.example.": ['"v=spf1 -all"', '"v=spf1 ~all"'],
}


class NameServer(threading.Thread):
    """Answers TXT questions from RECORDS; what it does not know does not exist, and `silent.example` never answers."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                wire, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            asked = dns.message.from_wire(wire)
            name = asked.question[0].name.to_text()
            if "silent" in name:
                continue
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            if name in RECORDS:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *RECORDS[name]))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), sender)


@pytest.fixture
def server() -> Iterator[str]:
    running = NameServer()
    running.start()
    yield f"127.0.0.1:{running.port}"
    running.socket.close()


def check(server: str, *domains: str, selector: tuple[str, ...] = ("key1",)) -> tuple[str, bool]:
    out = io.StringIO()
    try:
        call_command("check_senders", *domains, server=server, selector=list(selector), stdout=out)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_a_domain_that_lets_the_relay_send_is_fine(server: str) -> None:
    said, fine = check(server, "good.example")
    assert fine
    assert "v=spf1 include:_spf.relay.example -all" in said  # put together again
    assert "p=reject" in said and "key1._domainkey.good.example holds a key" in said


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("open.example", "lets everybody send for it"),
        ("open.example", "was revoked"),
        ("open.example", "receivers only report"),
        ("twice.example", "2 records, which counts as none"),
        ("nothing.example", "has no record: receivers cannot tell"),
        ("nothing.example", "_dmarc.nothing.example has no records"),
        ("nothing.example", "key1._domainkey.nothing.example holds no key"),
    ],
)
def test_what_is_missing_or_bad_is_named(server: str, domain: str, words: str) -> None:
    said, fine = check(server, domain)
    assert (words in said, fine) == (True, False), said


def test_no_answer_is_not_the_same_as_missing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.delivery.domains.SECONDS", 0.2)
    said, fine = check(server, "silent.example")
    assert fine and "no answer for silent.example" in said and "BAD" not in said


def test_the_portals_own_domains_are_looked_up(server: str, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Launch portal <news@good.example>"
    settings.OUTREACH_SENDER_DOMAINS = ["twice.example"]
    said, _ = check(server)
    assert [line for line in said.splitlines() if not line.startswith(" ")] == [
        "good.example",
        "twice.example",
    ]


@pytest.mark.parametrize("server", ["nowhere:x", "not an address", "::::"])
def test_a_bad_server_is_refused(server: str) -> None:
    with pytest.raises(CommandError, match="no address of a name server"):
        call_command("check_senders", "good.example", server=server, selector=[])
