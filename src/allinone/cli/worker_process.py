"""The index worker as a child process."""

import os
import sys
from uuid import UUID

from allinone.cli.supervised_process import SupervisedProcess
from allinone.database.data_directory import DataDirectory


def worker_process(directory: DataDirectory, library_id: UUID) -> SupervisedProcess:
    """`allinone index-worker` beside us, with lower priority, so that searches stay quick while photos are read."""
    command = [sys.executable, "-m", "allinone", "index-worker", str(library_id)]
    command += ["--data-dir", str(directory.path), "--parent", str(os.getpid())]
    return SupervisedProcess("index worker", command)
