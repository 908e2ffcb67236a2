"""The system calls that the sockets worker is refused, by what they would do; numbers of each architecture's unistd.h.

Some are there in one architecture only: the younger one (aarch64) has none of the calls that a later one replaced.
"""

from __future__ import annotations

from typing import Final

DENIED_X86_64: Final = {
    # look into a process or run another
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "open_by_handle_at": 304,
    "execve": 59, "execveat": 322,
    # carry something away
    "connect": 42,
    # change a file
    "creat": 85, "truncate": 76, "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92,
    "fchown": 93, "lchown": 94, "fchownat": 260, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    # change a folder
    "unlink": 87, "unlinkat": 263, "rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265,
    "symlink": 88, "symlinkat": 266, "mkdir": 83, "mkdirat": 258, "rmdir": 84, "mknod": 133, "mknodat": 259,
    # signal a process
    "kill": 62, "tkill": 200, "tgkill": 234, "pidfd_send_signal": 424, "rt_sigqueueinfo": 129,
    "rt_tgsigqueueinfo": 297,
    # become somebody else
    "setuid": 105, "setgid": 106, "setreuid": 113, "setregid": 114, "setresuid": 117, "setresgid": 119,
    "setfsuid": 122, "setfsgid": 123, "setgroups": 116,
    # change the machine
    "mount": 165, "umount2": 166, "move_mount": 429, "open_tree": 428, "fsopen": 430, "pivot_root": 155,
    "chroot": 161, "setns": 308, "unshare": 272, "bpf": 321, "init_module": 175, "finit_module": 313,
    "delete_module": 176, "kexec_load": 246, "reboot": 169, "swapon": 167, "swapoff": 168, "settimeofday": 164,
    "clock_settime": 227, "sethostname": 170, "setdomainname": 171,
}  # fmt: skip

DENIED_AARCH64: Final = {
    # look into a process or run another
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438, "open_by_handle_at": 265,
    "execve": 221, "execveat": 281,
    # carry something away
    "connect": 203,
    # change a file
    "truncate": 45, "fchmod": 52, "fchmodat": 53, "fchmodat2": 452, "fchown": 55, "fchownat": 54, "utimensat": 88,
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    # change a folder
    "unlinkat": 35, "renameat": 38, "renameat2": 276, "linkat": 37, "symlinkat": 36, "mkdirat": 34, "mknodat": 33,
    # signal a process
    "kill": 129, "tkill": 130, "tgkill": 131, "pidfd_send_signal": 424, "rt_sigqueueinfo": 138,
    "rt_tgsigqueueinfo": 240,
    # become somebody else
    "setuid": 146, "setgid": 144, "setreuid": 145, "setregid": 143, "setresuid": 147, "setresgid": 149,
    "setfsuid": 151, "setfsgid": 152, "setgroups": 159,
    # change the machine
    "mount": 40, "umount2": 39, "move_mount": 429, "open_tree": 428, "fsopen": 430, "pivot_root": 41, "chroot": 51,
    "setns": 268, "unshare": 97, "bpf": 280, "init_module": 105, "finit_module": 273, "delete_module": 106,
    "kexec_load": 104, "reboot": 142, "swapon": 224, "swapoff": 225, "settimeofday": 170, "clock_settime": 112,
    "sethostname": 161, "setdomainname": 162,
}  # fmt: skip
