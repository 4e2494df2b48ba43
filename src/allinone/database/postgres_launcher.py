"""Becomes PostgreSQL, or another program of ours: run as a script.

    python -I -S postgres_launcher.py UID GID CAPABILITY PARENT PROGRAM ARGUMENT...

PostgreSQL refuses to run as root, so root gives it to UID (-1: keep our own). The data directory may lie
below a folder only root can enter (/root, a `mktemp -d`); instead of opening that folder to everybody, the
process keeps one capability, CAPABILITY (-1: none), to pass through. And PostgreSQL ends when PARENT ends,
even by SIGKILL (PR_SET_PDEATHSIG), so that a killed `allinone` leaves nothing running.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


def set_identity(libc: ctypes.CDLL, uid: int, gid: int, capability: int) -> None:
    """Become `uid`, keeping `capability` across exec."""
    if capability >= 0:
        # Keeps capabilities when the user changes, also for access(2), which else asks as if there were none: initdb
        # looks for `postgres` beside itself with it.
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability >= 0:
        mask = 1 << capability
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        # Two 32-bit words of (effective, permitted, inheritable); ours is in the first.
        data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def main() -> None:
    """Change identity, tie our life to the parent's, and become the program."""
    uid, gid, capability, parent = (int(argument) for argument in sys.argv[1:5])
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if uid >= 0:
            set_identity(libc, uid, gid, capability)
        if parent >= 0:
            # After the change of identity, which would clear it. SIGINT: PostgreSQL's fast, clean shutdown.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
            if os.getppid() != parent:
                sys.exit("the parent ended before the program started")
    elif uid >= 0:
        os.setgid(gid)
        os.setuid(uid)
    os.execv(sys.argv[5], sys.argv[5:])


if __name__ == "__main__":
    main()
