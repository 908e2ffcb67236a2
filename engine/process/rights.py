"""What a process may do: its user, its capabilities, and that it dies with its parent.

Everything goes through prctl(2), capset(2) and setresuid(2) by ctypes, since no library of the standard distribution
offers them. All of it is called in a process of one thread, after every import: another user may not be able to read
the folder that the modules lie in.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
from collections.abc import Collection
from enum import IntEnum

import msgspec

from engine.model.errors import EngineError

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
"""include/uapi/linux/prctl.h"""

CAPABILITY_VERSION_3 = 0x20080522
"""include/uapi/linux/capability.h: two 32-bit words a set."""

COMM_LENGTH = 15
"""Bytes of a process name that the kernel keeps (TASK_COMM_LEN less the zero)."""


class Capability(IntEnum):
    """The capabilities that one of sockmon's processes keeps (capabilities(7))."""

    DAC_READ_SEARCH = 2
    NET_BIND_SERVICE = 10
    NET_ADMIN = 12
    NET_RAW = 13
    SYS_PTRACE = 19


class User(msgspec.Struct, frozen=True):
    """The user for whom sockmon runs: who typed `sudo sockmon`, or simply who runs it."""

    uid: int
    gid: int
    name: str
    home: str


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityWords(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


_libc = ctypes.CDLL(None, use_errno=True)


def invoking_user(environment: dict[str, str] | None = None) -> User:
    """The user behind this process: SUDO_UID if root runs with it, else the real uid."""
    environment = dict(os.environ) if environment is None else environment
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and environment.get("SUDO_UID", "").isdigit():
        uid = int(environment["SUDO_UID"])
        gid = int(environment["SUDO_GID"]) if environment.get("SUDO_GID", "").isdigit() else gid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return User(uid, gid, str(uid), "/")
    return User(uid, gid, entry.pw_name, entry.pw_dir)


def name_process(name: str) -> None:
    """Set the name that `ps` and /proc/PID/comm show."""
    _prctl(PR_SET_NAME, name.encode()[:COMM_LENGTH])


def die_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send `number` to this process when `parent`, its parent, ends. To be called after the last change
    of uid, which clears it."""
    _prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        os._exit(0)  # it ended before the line above


def become(user: User, keep: Collection[int] = ()) -> None:
    """Drop to `user` and to the capabilities `keep` for good. Does nothing to a process without capabilities.

    Root that is its own invoking user stays uid 0, with those capabilities alone.
    """
    permitted = _permitted()
    if not permitted and os.getuid() == user.uid:
        return
    kept = permitted & sum(1 << capability for capability in keep)
    _drop_bounding(kept)
    if os.getuid() != user.uid:
        _prctl(PR_SET_KEEPCAPS, 1)
        _change_user(user)
    _set_capabilities(kept)
    if not kept:
        _prctl(PR_SET_DUMPABLE, 1)  # the user's own tools may look at what holds no right


def forbid_new_rights() -> None:
    """No execve(2) of this process or its children gains a right (PR_SET_NO_NEW_PRIVS)."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def holds(capability: int) -> bool:
    """Whether this process may use the capability now."""
    return bool(_capability_words()[0] >> capability & 1)


def permitted() -> frozenset[int]:
    """The capabilities that this process has, by their numbers (linux/capability.h), those without a name here too."""
    mask = _permitted()
    return frozenset(number for number in range(64) if mask >> number & 1)


def _permitted() -> int:
    return _capability_words()[1]


def _capability_words() -> tuple[int, int]:
    """The effective and the permitted set, a bit each capability."""
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    words = (_CapabilityWords * 2)()
    if _libc.capget(ctypes.byref(header), ctypes.byref(words)) != 0:
        raise EngineError("read this process's capabilities", ctypes.get_errno())
    return words[0].effective | words[1].effective << 32, words[0].permitted | words[1].permitted << 32


def _set_capabilities(kept: int) -> None:
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    low, high = kept & 0xFFFFFFFF, kept >> 32
    words = (_CapabilityWords * 2)(_CapabilityWords(low, low, 0), _CapabilityWords(high, high, 0))
    if _libc.capset(ctypes.byref(header), ctypes.byref(words)) != 0:
        raise EngineError("give up capabilities", ctypes.get_errno())


def _drop_bounding(kept: int) -> None:
    """Take what is not kept from the bounding set too, so that no program started from here gets it back."""
    for number in range(64):
        if not kept >> number & 1 and _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            return  # EINVAL: past this kernel's last one; EPERM: without CAP_SETPCAP there is nothing to drop


def _change_user(user: User) -> None:
    try:
        os.setgroups(os.getgrouplist(user.name, user.gid) if user.name != str(user.uid) else [user.gid])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    except OSError as error:
        raise EngineError(f"become user {user.name}", error.errno) from error
    os.environ["HOME"] = user.home
    os.environ["USER"] = os.environ["LOGNAME"] = user.name


def _prctl(option: int, argument: int | bytes) -> None:
    value = ctypes.c_char_p(argument) if isinstance(argument, bytes) else ctypes.c_ulong(argument)
    if _libc.prctl(option, value, ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise EngineError(f"prctl option {option}", ctypes.get_errno())
