"""What photos-ai says about itself in /openapi.json holds for requests made up from it, good ones and bad ones."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from models.tiny_clip import make_clip_model
from support.face_packs import make_face_pack
from support.photos_ai_service import KEY, RunningService, running_service

EXAMPLES = 12
NAMES = {"not_a_server_error", "status_code_conformance", "content_type_conformance"}
CHECKS = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in NAMES]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    models = tmp_path_factory.mktemp("models")
    make_clip_model(models)
    make_face_pack(models)
    with running_service(models, tmp_path_factory.mktemp("service")) as service:
        yield service


def test_answers_are_as_described(service: RunningService) -> None:
    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/predict", "/ocr", "/clip/img", "/clip/txt", "/represent"}
    for operation in operations:
        _try(operation.as_strategy())


def _try(cases: Any) -> None:
    @given(case=cases)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def one(case: schemathesis.Case) -> None:
        if case.headers and "api-key" in case.headers:
            case.headers["api-key"] = KEY
        # images made up at random are mostly none, which /ocr and its like answer with 200
        case.validate_response(case.call(), checks=CHECKS)

    one()
