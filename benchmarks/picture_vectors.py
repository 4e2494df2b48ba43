"""Invented CLIP vectors: pictures in clusters of very different sizes, and texts that point at a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector.psycopg import register_vector

from allinone.database.pool import Database
from allinone.search.picture_leg import PictureQuestion, find_pictures
from allinone.search.scope import Scope
from allinone.search.vector_index import VectorIndexes

MODEL, DIMENSIONS = "invented", 512
CLUSTERS = 600
TEXTS = ["狗", "海邊", "生日", "sunset", "總計", "發票 咖啡", "山", "bicycle", "夜市", "車票"]
QUESTIONS = 40
NEAREST = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, and its vector."""

    text: str
    vector: NDArray[np.float32]


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def _store(
    dsn: str,
    owner: UUID,
    count: int,
    draw: np.random.Generator,
    shared: NDArray[np.float64],
    centres: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    with psycopg.connect(dsn) as connection:
        register_vector(connection)
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "copy search_vector (asset_id, model, owner_id, taken_at, embedding) from stdin (format binary)"
            ) as copy,
        ):
            copy.set_types(["uuid", "text", "uuid", "timestamp", "vector"])
            for start in range(0, count, 10_000):
                size = min(10_000, count - start)
                chosen = draw.choice(CLUSTERS, size, p=weights / weights.sum())
                vectors = _unit(1.2 * shared + 0.8 * centres[chosen] + 0.7 * draw.normal(size=(size, DIMENSIONS)))
                for vector in vectors:
                    copy.write_row((UUID(int=int.from_bytes(draw.bytes(16)), version=4), MODEL, owner, None, vector))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze search_vector")


def fill_vectors(dsn: str, owner: UUID, count: int) -> list[Question]:
    """Store `count` vectors of `owner`, where it is not 0; questions about them.

    As CLIP's, all pictures share a direction, clusters differ by less than that, and texts lie apart from pictures.
    """
    draw = np.random.default_rng(4)
    shared, modality = draw.normal(size=(2, DIMENSIONS))
    centres = draw.normal(size=(CLUSTERS, DIMENSIONS))
    weights = draw.pareto(1.2, CLUSTERS) + 0.05
    if count:
        _store(dsn, owner, count, draw, shared, centres, weights)
    asking = np.random.default_rng(5)
    asked = asking.integers(CLUSTERS, size=QUESTIONS)
    noise = asking.normal(size=(QUESTIONS, DIMENSIONS))
    queries = _unit(0.9 * modality + 0.3 * shared + 0.45 * centres[asked] + 0.6 * noise)
    return [Question(TEXTS[number % len(TEXTS)], vector) for number, vector in enumerate(queries)]


async def recall(database: Database, owner: UUID, questions: Sequence[Question]) -> float:
    """How many of the exact hundred nearest are among the hundred that the index finds."""
    found = 0
    async with database.connection() as connection:
        lists = await VectorIndexes().lists(connection, (owner,), MODEL, DIMENSIONS)
    for question in questions:
        asked = PictureQuestion(question.vector, MODEL, Scope((owner,)))
        nearest = []
        for way in (0, lists):
            hits = await find_pictures(database.connection, asked, None, "off", lists=way)
            nearest.append({hit.asset_id for hit in hits[:NEAREST]})
        found += len(nearest[0] & nearest[1])
    return round(found / NEAREST / len(questions), 4)
