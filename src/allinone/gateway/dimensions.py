"""How long CLIP's vectors must be: by the model's name in Immich, which sizes its table by that name."""

from collections.abc import Mapping

from allinone.gateway.backends.failures import Broken, WrongDimension

_NAMES: Mapping[int, str] = {
    512: "ViT-B-16__openai ViT-B-32__openai ViT-B-16__laion400m_e31 ViT-B-16__laion400m_e32 "
    "ViT-B-32__laion2b-s34b-b79k ViT-B-32__laion2b_e16 ViT-B-32__laion400m_e31 ViT-B-32__laion400m_e32 "
    "RN101__openai RN101__yfcc15m XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k XLM-Roberta-Large-Vit-B-32",
    640: "XLM-Roberta-Large-Vit-B-16Plus RN50x4__openai ViT-B-16-plus-240__laion400m_e31 "
    "ViT-B-16-plus-240__laion400m_e32",
    768: "ViT-L-14__openai ViT-L-14-336__openai nllb-clip-base-siglip__v1 nllb-clip-base-siglip__mrl "
    "ViT-B-16-SigLIP2__webli LABSE-Vit-L-14 XLM-Roberta-Large-Vit-L-14 RN50x16__openai",
    1024: "RN50__openai RN50__cc12m RN50__yfcc15m RN50x64__openai ViT-H-14__laion2b-s32b-b79k "
    "ViT-H-14-quickgelu__dfn5b ViT-H-14-378-quickgelu__dfn5b ViT-L-16-SigLIP2-256__webli "
    "ViT-L-16-SigLIP2-384__webli ViT-L-16-SigLIP2-512__webli",
    1152: "nllb-clip-large-siglip__v1 nllb-clip-large-siglip__mrl",
}
_DIMENSION = {name.lower(): dimension for dimension, names in _NAMES.items() for name in names.split()}
_SO400M = 1152

CHINESE_CLIP: Mapping[int, tuple[str, ...]] = {
    512: ("ViT-B-16",),
    768: ("ViT-L-14", "ViT-L-14-336"),
    1024: ("ViT-H-14", "RN50"),
}
"""Models of Chinese-CLIP, by the length of their vectors."""

_IN_IMMICH = {512: "ViT-B-32__openai", 768: "ViT-L-14__openai", 1024: "RN50__openai"}
_OF_NUMBERS = b"0123456789eE.,+- \t\r\n"


def expected_dimension(model_name: str | None) -> int | None:
    """How long the vectors of Immich's model are; None where that is not known here."""
    if not model_name:
        return None
    name = model_name.rsplit("/", 1)[-1].replace(":", "_").lower()
    return _SO400M if "so400m" in name else _DIMENSION.get(name)


def vector_length(vector: object) -> int:
    """How many numbers the string `vector` holds, told without turning them into numbers.

    Raises:
        Broken: it is not a JSON list of numbers in a string.
    """
    if not isinstance(vector, str) or not vector.startswith("[") or not vector.rstrip().endswith("]"):
        message = "its answer holds no vector"
        raise Broken(message)
    inside = vector.strip()[1:-1]
    if not inside.strip() or inside.encode().translate(None, _OF_NUMBERS):
        message = "its vector holds something that is not a number"
        raise Broken(message)
    return inside.count(",") + 1


def check_dimension(model_name: str | None, found: int, backend: str) -> None:
    """Refuse a vector that Immich could not store.

    Raises:
        WrongDimension: with what to set, and where.
    """
    expected = expected_dimension(model_name)
    if expected is not None and found != expected:
        raise WrongDimension(mismatch(model_name or "", expected, found, backend))


def mismatch(model_name: str, expected: int, found: int, backend: str) -> str:
    """What is wrong, and the settings that would mend it."""
    made_by = CHINESE_CLIP.get(found)
    ways = []
    if found in _IN_IMMICH:
        ways.append(
            "choose a model of that length in Immich (Administration > Settings > Machine Learning > Smart Search), "
            f"such as {_IN_IMMICH[found]}, and run Smart Search for all photos again"
        )
    if expected in CHINESE_CLIP:
        ways.append(f"set CLIP_MODEL of photos-ai to {' or '.join(CHINESE_CLIP[expected])}")
    advice = ", or ".join(ways) or "choose models whose vectors are equally long"
    whose = f" (Chinese-CLIP {' or '.join(made_by)})" if made_by else ""
    return (
        f"Immich's CLIP model {model_name[:100]} needs vectors of {expected} numbers, and {backend} gives "
        f"{found}{whose}. Either {advice}."
    )
