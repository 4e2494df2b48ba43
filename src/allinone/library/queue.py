"""Asks for work: jobs in PostgreSQL, written in the caller's transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal
from uuid import UUID

import procrastinate
from procrastinate import exceptions

from allinone.database.pool import Connection
from allinone.errors import DatabaseUnavailable

Task = Literal["index_asset", "embed_asset", "refresh_ocr", "refresh_clip"]

PRIORITY: dict[Task, int] = {
    "refresh_ocr": 100,  # somebody is waiting in front of the screen
    "refresh_clip": 100,
    "index_asset": 0,
    "embed_asset": -10,  # a new model's vectors; what has no text yet goes first
}
SUSPECT_PRIORITY = -50  # was being read when a worker died: last, so that it holds up nothing


class JobQueue:
    """Defers jobs, at most one of a kind waiting for each asset. Opens no connection of its own."""

    def __init__(self) -> None:
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    async def defer(
        self,
        connection: Connection,
        library_id: UUID,
        task: Task,
        asset_ids: Sequence[UUID],
        *,
        after: timedelta | None = None,
        attempt: int = 0,
    ) -> None:
        """Add a job for each asset that has none of this kind waiting.

        Args:
            connection: the transaction to be part of.
            library_id: whose worker is to do it.
            task: what to do.
            asset_ids: with which assets.
            after: not before this time has passed.
            attempt: how often it was tried.
        """
        jobs = [self._job(library_id, task, asset_id, after, attempt) for asset_id in asset_ids]
        if not jobs or await self._add(connection, jobs):
            return
        for job in jobs:  # one of them was waiting already; find out which
            await self._add(connection, [job])

    def _job(
        self, library_id: UUID, task: Task, asset_id: UUID, after: timedelta | None, attempt: int
    ) -> procrastinate.jobs.Job:
        configured = self._app.configure_task(
            task,
            queue=queue_name(library_id),
            queueing_lock=f"{task}:{asset_id}",
            priority=PRIORITY[task],
            schedule_in={"seconds": int(after.total_seconds())} if after else None,
        )
        return configured.make_new_job(asset_id=str(asset_id), attempt=attempt)

    async def _add(self, connection: Connection, jobs: list[procrastinate.jobs.Job]) -> bool:
        try:
            async with queue_errors(), connection.transaction():
                await self._app.job_manager.batch_defer_jobs_async(jobs, connection=connection)
        except exceptions.AlreadyEnqueued:
            return False
        return True


@asynccontextmanager
async def queue_errors() -> AsyncIterator[None]:
    """Turn the job queue's errors into ours; `AlreadyEnqueued` and `UniqueViolation` pass.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    try:
        yield
    except (exceptions.AlreadyEnqueued, exceptions.UniqueViolation):
        raise
    except exceptions.ConnectorException as error:
        message = f"The job queue does not answer ({error.__cause__ or error}). It is tried again."
        raise DatabaseUnavailable(message) from error


def queue_name(library_id: UUID) -> str:
    """Each library has a queue of its own: its worker takes nobody else's jobs."""
    return str(library_id)
