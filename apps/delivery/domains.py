"""What a sender's domain says in DNS about who may send for it: SPF, DKIM, DMARC.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC). The records are read as receivers read them; whether the relay's
own address is among those SPF allows is for the relay to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """One record of a domain. `ok` None: nobody could say (no answer), which is not the same as missing."""

    record: str
    ok: bool | None
    words: str


def look_up(
    domain: str, selectors: Sequence[str] = (), resolver: dns.resolver.Resolver | None = None
) -> list[Finding]:
    """What a domain says. `selectors` are the names of the relay's DKIM keys. Three look-ups and one per selector."""
    asked = resolver or dns.resolver.Resolver()
    found = [_spf(domain, asked), _dmarc(domain, asked)]
    found += [_dkim(domain, selector, asked) for selector in selectors]
    if not selectors:
        found.append(
            Finding("DKIM", None, "say the names of the relay's keys (DKIM_SELECTORS) to have them looked up")
        )
    return found


def _spf(domain: str, resolver: dns.resolver.Resolver) -> Finding:
    texts = _texts(domain, resolver)
    if texts is None:
        return Finding("SPF", None, f"no answer for {domain}")
    records = [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not records:
        return Finding("SPF", False, f"{domain} has no record: receivers cannot tell who may send for it")
    if len(records) > 1:
        # RFC 7208 4.5: more than one is an error for every receiver.
        return Finding("SPF", False, f"{domain} has {len(records)} records, which counts as none")
    last = records[0].split()[-1].lower()
    if last in {"+all", "all"}:
        return Finding("SPF", False, f"{domain} lets everybody send for it ({last})")
    return Finding("SPF", True, records[0])


def _dmarc(domain: str, resolver: dns.resolver.Resolver) -> Finding:
    texts = _texts(f"_dmarc.{domain}", resolver)
    if texts is None:
        return Finding("DMARC", None, f"no answer for _dmarc.{domain}")
    records = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1;")]
    if len(records) != 1:
        return Finding(
            "DMARC", False, f"_dmarc.{domain} has {len(records) or 'no'} record{'s' * (len(records) != 1)}"
        )
    tags = _tags(records[0])
    if tags.get("p", "none").lower() == "none":
        return Finding("DMARC", True, f"{records[0]} (p=none: receivers only report)")
    return Finding("DMARC", True, records[0])


def _dkim(domain: str, selector: str, resolver: dns.resolver.Resolver) -> Finding:
    name = f"{selector}._domainkey.{domain}"
    texts = _texts(name, resolver)
    if texts is None:
        return Finding("DKIM", None, f"no answer for {name}")
    keys = [tags for tags in map(_tags, texts) if "p" in tags]
    if not keys:
        return Finding("DKIM", False, f"{name} holds no key")
    if not keys[0]["p"]:
        return Finding("DKIM", False, f"{name} was revoked (its key is empty)")
    return Finding("DKIM", True, f"{name} holds a key")


def _texts(name: str, resolver: dns.resolver.Resolver) -> list[str] | None:
    """The TXT records of a name; none is an empty list, no answer is None."""
    try:
        answer = resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        return None
    # A long record is cut into strings that are put together again without anything between (RFC 7208 3.3).
    return [
        b"".join(record.strings).decode("utf-8", "replace")
        for record in answer
        if isinstance(record, TXTBase)
    ]


def _tags(text: str) -> dict[str, str]:
    """`v=DKIM1; p=...` as a mapping."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
