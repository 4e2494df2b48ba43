"""Several backends' answers as one. Pure."""

import json
from collections.abc import Sequence

from allinone.gateway.backends.protocol import Answer

_SIZE = ("imageHeight", "imageWidth")


def merge(answers: Sequence[Answer]) -> Answer:
    """One answer with all that `answers` say, or the first of them that tells the client its fault."""
    if len(answers) == 1:
        return answers[0]
    for answer in answers:
        if answer.document is None:
            return answer
    document: dict[str, object] = {}
    sizes: dict[str, object] = {}
    for answer in answers:
        fields = dict(answer.document or {})
        for name in _SIZE:
            if name in fields:
                sizes.setdefault(name, fields.pop(name))
        document |= fields
    document |= sizes
    return Answer(200, json.dumps(document, ensure_ascii=False).encode(), document=document)
