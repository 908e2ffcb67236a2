"""One page over HTTP/1.0 (RFC 1945), whose end is the end of the connection; `Connection: keep-alive` is honoured.

A request is read to its blank line and answered; a body is not read, so a request that has one is refused and the
connection closed.
"""

from __future__ import annotations

import html
from typing import Final

from engine.lab.logged import LoggedSocket
from engine.lab.servers.serving import Conversation, Server

HEAD_MAX: Final = 16_384
"""Bytes of a request's line and headers; longer is answered with 431."""

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
}


def page(text: str) -> bytes:
    """The page."""
    shown = html.escape(text)
    return f"<!doctype html>\n<title>sockmon</title>\n<p>{shown}\n".encode("utf-8", "replace")


def response(status: int, body: bytes, *, keep: bool, head_only: bool = False) -> bytes:
    """A whole answer. Without `keep` no length is told: the close says where the body ends."""
    lines = [
        f"HTTP/1.0 {status} {_REASONS[status]}",
        "Server: sockmon",
        "Content-Type: text/html; charset=utf-8",
        *([f"Content-Length: {len(body)}"] if keep or head_only else []),
        f"Connection: {'keep-alive' if keep else 'close'}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head_only else body)


def answer(head: bytes, text: str) -> tuple[bytes, bool]:
    """The answer to a request's head, and whether the connection stays open."""
    lines = head.decode("latin-1").split("\n")
    words = lines[0].split()
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return response(400, b"this is no request\n", keep=False), False
    method, target, _ = words
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if method not in ("GET", "HEAD") or headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        return response(501, b"only GET and HEAD, without a body\n", keep=False), False
    keep = "keep-alive" in headers.get("connection", "").lower()
    status, body = (200, page(text)) if target.partition("?")[0] == "/" else (404, b"there is only /\n")
    return response(status, body, keep=keep, head_only=method == "HEAD"), keep


class HttpConversation(Conversation):
    """Requests, one after the other, also when several come at once."""

    def __init__(self, actor: Server, sock: LoggedSocket) -> None:
        super().__init__(actor, sock)
        self._unread = bytearray()

    def received(self, data: bytes) -> None:
        self._unread += data
        while not self.closing and (end := self._end_of_head()) >= 0:
            head = bytes(self._unread[:end])
            del self._unread[:end]
            reply, keep = answer(head.strip(), self.actor.knobs.text)
            self.pending += reply
            self.closing = not keep
            self.actor.log.message()
        if len(self._unread) > HEAD_MAX and not self.closing:
            self.pending += response(431, b"too long\n", keep=False)
            self.closing = True

    def _end_of_head(self) -> int:
        """Where the first whole head ends, its blank line included; -1 if it has not come yet."""
        ends = [found + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (found := self._unread.find(blank)) >= 0]
        return min(ends, default=-1)

    def end(self) -> None:
        self.closing = True


class HttpServer(Server):
    """One page."""

    conversation = HttpConversation
