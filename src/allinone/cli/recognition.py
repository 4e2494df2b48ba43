"""The models that commands work with."""

from allinone.database.data_directory import DataDirectory
from allinone.photos_ai.engine import Engine
from allinone.photos_ai.settings import EngineSettings


def make_engine(directory: DataDirectory) -> Engine:
    """The models of a data directory; nothing is loaded before it is needed.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    return Engine(EngineSettings(models=directory.models))
