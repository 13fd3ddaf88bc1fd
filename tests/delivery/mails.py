"""Mails as mail servers and people send them back."""

from __future__ import annotations

from email.message import EmailMessage

ADDRESS = "user1@d1.example.com"


def answer(to: str = "csm@example.com", *, sender: str = ADDRESS, **headers: str) -> bytes:
    """What a person writes back. `In_Reply_To="<...>"` and the like become headers."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"A Person <{sender}>", to
    mail["Subject"] = "Re: News"
    mail["Message-ID"] = "<answer-1@mail.d1.example.com>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content("Thank you, that helps.\n")
    return mail.as_bytes()


def bounce(
    message_id: str, *, status: str = "5.1.1", action: str = "failed", address: str = ADDRESS,
    diagnostic: str = "smtp; 550 5.1.1 no such user", whole: bool = False, original: str = "",
) -> bytes:  # fmt: skip
    """A delivery status notification (RFC 3464) with the headers of what it is about, or all of it."""
    recipient = f"Final-Recipient: rfc822; {address}\n"
    if original:
        recipient += f"Original-Recipient: rfc822; {original}\n"
    fields = (
        f"Reporting-MTA: dns; mx.example.org\n\n{recipient}Action: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: {diagnostic}\n"
    )
    return _report("delivery-status", fields, message_id, whole=whole)


def complaint(message_id: str, kind: str = "abuse") -> bytes:
    """A feedback report (RFC 5965)."""
    fields = (
        f"Feedback-Type: {kind}\nUser-Agent: Some/1.0\nVersion: 1\nOriginal-Mail-From: <csm@example.com>\n"
    )
    return _report("feedback-report", fields, message_id, whole=True)


def _report(kind: str, fields: str, message_id: str, *, whole: bool) -> bytes:
    headers = f"From: csm@example.com\nTo: {ADDRESS}\nMessage-ID: {message_id}\nSubject: News\n"
    returned = f"message/rfc822\n\n{headers}\nHello\n" if whole else f"text/rfc822-headers\n\n{headers}"
    return f"""From: MAILER-DAEMON@mx.example.org
To: bounces@portal.example
Subject: About your mail
Message-ID: <{kind}-1@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_b"

--=_b
Content-Type: text/plain

It could not be delivered.

--=_b
Content-Type: message/{kind}

{fields}
--=_b
Content-Type: {returned}
--=_b--
""".encode()
