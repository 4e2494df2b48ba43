"""The job queue's side of the work: which tasks there are, and what becomes of jobs whose worker died."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from uuid import UUID

import procrastinate
from procrastinate import exceptions, jobs, manager
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker

from allinone.library.indexing import PhotoIndexer
from allinone.library.queue import SUSPECT_PRIORITY, queue_errors

log = logging.getLogger(__name__)

RETRY_SECONDS = 3
MAX_RETRIES = 100


class _AfterTrouble(procrastinate.BaseRetryStrategy):
    """What a task raises is never the photo's fault: the database's, or the worker was told to stop."""

    def get_retry_decision(self, *, exception: BaseException, job: jobs.Job) -> procrastinate.RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | exceptions.JobAborted):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        if job.attempts >= MAX_RETRIES:
            return None  # the next scan asks for it again
        return procrastinate.RetryDecision(retry_in={"seconds": RETRY_SECONDS})


def create_app(connector: procrastinate.PsycopgConnector, indexer: PhotoIndexer) -> procrastinate.App:
    """The job queue with our tasks."""
    app = procrastinate.App(connector=connector)
    retry = _AfterTrouble()

    @app.task(name="index_asset", retry=retry)
    async def index_asset(asset_id: str, attempt: int) -> None:
        await indexer.index(UUID(asset_id), attempt)

    @app.task(name="embed_asset", retry=retry)
    async def embed_asset(asset_id: str, attempt: int) -> None:
        await indexer.embed(UUID(asset_id), attempt)

    @app.task(name="refresh_ocr", retry=retry)
    async def refresh_ocr(asset_id: str, attempt: int) -> None:
        await indexer.refresh(UUID(asset_id), "ocr")

    @app.task(name="refresh_clip", retry=retry)
    async def refresh_clip(asset_id: str, attempt: int) -> None:
        await indexer.refresh(UUID(asset_id), "clip")

    return app


class JobRescue:
    """Puts jobs back that nobody works on although they are marked as being worked on."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._running: set[int] = set()
        self._strays: set[int] = set()

    async def watch(self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: Worker) -> Any:
        """Know which jobs are being worked on: a middleware of the worker."""
        job_id = context.job.id or 0
        self._running.add(job_id)
        try:
            return await call_next()
        finally:
            self._running.discard(job_id)

    async def after_death(self, jobs_of: manager.JobManager) -> int:
        """Put back all jobs of workers that are no more. Call it while no worker of this queue runs.

        One of them may be what killed the worker: they run last, and one at a time, so that the next death
        names the culprit alone.

        Returns:
            How many there were.
        """
        async with queue_errors():
            stalled = list(await jobs_of.get_stalled_jobs(queue=self._queue, seconds_since_heartbeat=0))
        for job in stalled:
            suspect = job.task_name in ("index_asset", "embed_asset")
            await self._put_back(jobs_of, job, "alone" if suspect else "as before")
        return len(stalled)

    async def strays(self, jobs_of: manager.JobManager) -> None:
        """Put back jobs whose end could not be written down. Call it now and then."""
        async with queue_errors():
            doing = await jobs_of.list_jobs_async(queue=self._queue, status="doing")
        idle = {job.id: job for job in doing if job.id is not None and job.id not in self._running}
        # Seen twice: the first time it may have been just beginning or just ending.
        for job_id in self._strays & idle.keys():
            await self._put_back(jobs_of, idle[job_id], "as before")
        self._strays = set(idle)

    async def _put_back(self, jobs_of: manager.JobManager, job: jobs.Job, how: Literal["alone", "as before"]) -> None:
        alone = how == "alone"
        try:
            async with queue_errors():
                await jobs_of.retry_job(
                    job,
                    priority=SUSPECT_PRIORITY if alone else None,
                    lock=f"suspects:{self._queue}" if alone else None,
                )
        except exceptions.UniqueViolation:
            # The same has been asked for again meanwhile, and waits: that one will do.
            if job.id is not None:
                async with queue_errors():
                    await jobs_of.finish_job_by_id_async(job.id, jobs.Status.FAILED, delete_job=True)
