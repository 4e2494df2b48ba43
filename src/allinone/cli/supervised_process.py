"""A child process: started again when it ends by itself, ended with us."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from allinone.tasks import background

log = logging.getLogger(__name__)

STOP_TIMEOUT = 10.0  # seconds; then it is killed, which loses nothing
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0  # seconds of life after which an end counts as a first one


class SupervisedProcess:
    """One command, kept running."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """`name` is for the log, such as "index worker"; `environment` replaces ours where it is given."""
        self._name = name
        self._command = list(command)
        self._environment = environment

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep it running while the block runs."""
        async with background(self._keep_running(), f"keep the {self._name} running"):
            yield

    async def _keep_running(self) -> None:
        pause = 1.0
        while True:
            started = time.monotonic()
            # A session of its own: Ctrl-C in the terminal reaches us alone, and we end the others in order.
            process = await asyncio.create_subprocess_exec(
                *self._command, start_new_session=True, env=self._environment
            )
            try:
                status = await process.wait()
            finally:
                await _end(process)
            pause = 1.0 if time.monotonic() - started > HEALTHY_AFTER else min(pause * 2, LONGEST_PAUSE)
            log.error("The %s ended (%s); starting it again in %.0f s.", self._name, _reason(status), pause)
            await asyncio.sleep(pause)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _reason(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    killed = signal.Signals(-status).name
    return f"{killed}, perhaps for want of memory" if -status == signal.SIGKILL else killed
