"""What was asked to be read anew, and what became of it, judged by Immich's rows."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from allinone.errors import BackendFailed
from allinone.immich.asset_rows import AssetRows, AssetRowsReader
from allinone.immich.job_queue import ImmichQueues, JobState, Refresh

MOST_REQUESTS = 20_000  # remembered; about 10 MB
AT_ONCE = 200  # jobs added between two chances for other work

State = Literal["waiting", "running", "done", "failed"]
FAILED = {
    "ocr": (
        "Immich ended the job without new text. Either its machine-learning server (our gateway) failed or was not "
        "reached, or OCR is switched off in Immich's settings. The log of immich-server says which."
    ),
    "clip": (
        "Immich ended the job without new search data. Either its machine-learning server (our gateway) failed or was "
        "not reached, or smart search is switched off in Immich's settings. The log of immich-server says which."
    ),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefreshState:
    """How a request stands.

    Attributes:
        changed: once done, what is different: for OCR `text`, `linesBefore`, `linesAfter`; for CLIP `embedding`.
    """

    state: State
    requested_at: datetime
    finished_at: datetime | None = None
    message: str | None = None
    changed: dict[str, Any] | None = None


@dataclass(slots=True)
class _Request:
    job: str
    before: AssetRows
    state: RefreshState


class RefreshRequests:
    """Adds jobs to Immich's queues and follows them. In memory: a restart forgets who asked, never the jobs."""

    def __init__(self, queues: ImmichQueues, rows: AssetRowsReader) -> None:
        self._queues = queues
        self._rows = rows
        self._requests: OrderedDict[tuple[UUID, Refresh], _Request] = OrderedDict()
        self._turn = asyncio.Lock()

    async def request(self, what: Refresh, assets: Sequence[UUID]) -> int:
        """Have Immich read `assets` anew; those that wait for it already are left waiting. How many were added.

        Raises:
            BackendFailed: Redis does not answer.
            DatabaseUnavailable: Immich's database does not.
        """
        wanted = list(dict.fromkeys(assets))
        added = 0
        for begin in range(0, len(wanted), AT_ONCE):
            async with self._turn:
                added += await self._add(what, wanted[begin : begin + AT_ONCE])
        return added

    async def _add(self, what: Refresh, assets: Sequence[UUID]) -> int:
        waiting = await self._waiting(what, assets)
        missing = [asset for asset in assets if asset not in waiting]
        before = await self._rows.read(missing)
        jobs = await self._queues.add(what, missing)
        now = datetime.now(UTC)
        for asset, job in zip(missing, jobs, strict=True):
            self._requests.pop((asset, what), None)
            self._requests[asset, what] = _Request(job, before[asset], RefreshState("waiting", now))
        while len(self._requests) > MOST_REQUESTS:
            self._requests.popitem(last=False)
        return len(missing)

    async def _waiting(self, what: Refresh, assets: Sequence[UUID]) -> set[UUID]:
        known = [
            (asset, request.job)
            for asset in assets
            if (request := self._requests.get((asset, what))) and request.state.state in ("waiting", "running")
        ]
        states = await self._queues.states(what, [job for _, job in known])
        return {asset for (asset, _), state in zip(known, states, strict=True) if state == "waiting"}

    async def states(self, asset: UUID) -> dict[Refresh, RefreshState]:
        """How the last requests for this asset stand, by what was asked for.

        Raises:
            DatabaseUnavailable: Immich's database does not answer.
        """
        found: dict[Refresh, RefreshState] = {}
        for what in ("ocr", "clip"):
            state = (await self.looked_up(what, [asset])).get(asset)
            if state is not None:
                found[what] = state
        return found

    async def looked_up(self, what: Refresh, assets: Sequence[UUID]) -> dict[UUID, RefreshState]:
        """How the last requests of one kind stand, for the assets that there are any for.

        Raises:
            DatabaseUnavailable: Immich's database does not answer.
        """
        requests = {asset: request for asset in assets if (request := self._requests.get((asset, what)))}
        open_ones = [asset for asset, request in requests.items() if request.state.finished_at is None]
        # The queue first: a job that is gone has written its rows.
        jobs = await self._job_states(what, [requests[asset].job for asset in open_ones])
        rows = await self._rows.read(open_ones) if open_ones else {}
        for asset, job in zip(open_ones, jobs, strict=True):
            request = requests[asset]
            request.state = judge(what, request.state, request.before, rows[asset], job)
        return {asset: request.state for asset, request in requests.items()}

    async def _job_states(self, what: Refresh, jobs: Sequence[str]) -> list[JobState]:
        try:
            return await self._queues.states(what, jobs)
        except BackendFailed as error:
            logger.warning("%s Jobs are judged by their rows alone.", error)
            return ["waiting"] * len(jobs)


def judge(what: Refresh, state: RefreshState, before: AssetRows, now: AssetRows, job: JobState) -> RefreshState:
    """The next state of a request: the rows say what has been done, the queue only what has not."""
    if what == "ocr" and now.ocr_at is not None and now.ocr_at != before.ocr_at:
        changed = {"text": now.text != before.text, "linesBefore": before.lines, "linesAfter": now.lines}
        return replace(state, state="done", finished_at=now.ocr_at, changed=changed)
    if what == "clip" and now.vector_version is not None and now.vector_version != before.vector_version:
        changed = {"embedding": now.vector != before.vector}
        return replace(state, state="done", finished_at=datetime.now(UTC), changed=changed)
    if job in ("gone", "failed"):
        return replace(state, state="failed", finished_at=datetime.now(UTC), message=FAILED[what])
    return replace(state, state="running" if job == "running" else "waiting")
