"""Which account the embedded PostgreSQL runs as, and how it reaches its files."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An account for PostgreSQL. `uid` -1: our own; `capability` -1: none needed."""

    uid: int
    gid: int
    capability: int

    def owns(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.uid >= 0:
            os.chown(path, self.uid, self.gid)


def choose_account(*paths: Path) -> ServiceAccount:
    """The account to run PostgreSQL as, given the `paths` it must reach.

    An ordinary user runs it as themself. Root, which PostgreSQL refuses, runs it as `postgres` where the
    system has that account and as `nobody` elsewhere; no account is created and no folder's mode changed.
    """
    if os.geteuid() != 0:
        return ServiceAccount(-1, -1, -1)
    entry = _first_account("postgres", "nobody")
    reachable = all(_may_pass(folder, entry) for path in paths for folder in path.resolve().parents)
    return ServiceAccount(entry.pw_uid, entry.pw_gid, -1 if reachable else _pass_through_capability())


def _first_account(*names: str) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pwd.getpwuid(65534)


def _may_pass(folder: Path, account: pwd.struct_passwd) -> bool:
    try:
        status = folder.stat()
    except FileNotFoundError:
        return True  # created later, by us
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.pw_gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _pass_through_capability() -> int:
    """The smaller of the two capabilities that let a process enter any folder, of those we have."""
    try:
        status = Path("/proc/self/status").read_text()
        held = int(next(line for line in status.splitlines() if line.startswith("CapPrm")).split()[1], 16)
    except (OSError, StopIteration, ValueError):
        return -1
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    return -1
