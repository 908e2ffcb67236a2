"""Errors that socket calls raise for paths, devices and limits; the everyday ones are in `errors`."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind, Numbers

# Name, numbers on Linux, macOS and Windows, WinSock's name, other names, text.
_Row = tuple[str, int | None, int | None, int | None, str, tuple[str, ...], str]

_ERRORS: Final[tuple[_Row, ...]] = (
    (
        "ESRCH", 3, 3, None, "", ("ProcessLookupError",),
        "There is no such process. A credential that is passed over a Unix socket must name one that lives.",
    ),
    (
        "EIO", 5, 5, None, "", (),
        "Reading or writing the thing underneath failed: with sendfile() the file, else a device.",
    ),
    (
        "ENXIO", 6, 6, None, "", (),
        "There is no such device or interface behind the number that was given.",
    ),
    (
        "EBUSY", 16, 16, None, "", (),
        "What is asked for is in use and can be used only once at a time, such as a capture ring that is set up "
        "already.",
    ),
    (
        "ENOTDIR", 20, 20, None, "", ("NotADirectoryError",),
        "A part of a Unix socket's path that should be a folder is none.",
    ),
    (
        "EISDIR", 21, 21, None, "", ("IsADirectoryError",),
        "The path is a folder where a file or a socket is wanted.",
    ),
    (
        "ENOSPC", 28, 28, None, "", (),
        "The disk has no room left, for the path of a Unix socket or for a capture that is written; also said by "
        "epoll when a user watches too many descriptors.",
    ),
    (
        "ESPIPE", 29, 29, None, "", (),
        "A place in the file was given for something that has no places: a socket or a pipe.",
    ),
    (
        "EROFS", 30, 30, None, "", (),
        "bind() cannot make the path of a Unix socket: the file system is read-only.",
    ),
    (
        "ERANGE", 34, 34, None, "", (),
        "A result does not fit into the room for it.",
    ),
    (
        "ELOOP", 40, 62, 10062, "WSAELOOP", (),
        "The path of a Unix socket leads through too many symbolic links, perhaps in a circle.",
    ),
    (
        "ENODATA", 61, 96, None, "", (),
        "There is nothing of the kind that was asked for.",
    ),
    (
        "ETIME", 62, 101, None, "", (),
        "A timer of the kernel ran out. It is not ETIMEDOUT, which is what a connection says.",
    ),
    (
        "ENOPKG", 65, None, None, "", (),
        "The kernel lacks a part that the address family or protocol needs.",
    ),
    (
        "EOVERFLOW", 75, 84, None, "", (),
        "A number or a file is too large for the call.",
    ),
    (
        "EBADFD", 77, None, None, "", (),
        "The descriptor is open but in no state for this call.",
    ),
    (
        "EUSERS", 87, 68, 10068, "WSAEUSERS", (),
        "Too many users of a thing that only so many may use.",
    ),
)  # fmt: skip

RARE_ERRORS: Final = tuple(
    Explanation(Kind.ERRNO, name, text, "errno(3)", aliases, Numbers(linux, macos, windows, windows_name))
    for name, linux, macos, windows, windows_name, aliases, text in _ERRORS
)  # fmt: skip
