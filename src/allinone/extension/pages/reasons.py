"""Why a search found a photo: in plain words first, with the figures below."""

from allinone.extension.pages.facts import definition_list
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.texts.table import Texts
from allinone.extension.photo_search import PhotoHit

STRONG_Z, FAIR_Z = 5.0, 3.0  # the search shows pictures from z = 3 on; 6 is the most a score counts


def reasons(texts: Texts, hit: PhotoHit) -> Html:
    """Sentences and figures for one hit."""
    sentences = (element("p", sentence) for sentence in _sentences(texts, hit))
    return join(*sentences, definition_list(_figures(texts, hit)))


def _sentences(texts: Texts, hit: PhotoHit) -> list[str]:
    kinds = {"phrase": texts.kind_phrase, "all_terms": texts.kind_all_terms, "fuzzy": texts.kind_fuzzy}
    found = [kinds[hit.text.kind]] if hit.text else []
    if hit.clip is None:
        return found
    if hit.clip.z is None:
        return [*found, texts.picture_plain]
    if hit.clip.z >= STRONG_Z:
        return [*found, texts.picture_strong]
    return [*found, texts.picture_fair if hit.clip.z >= FAIR_Z else texts.picture_weak]


def _figures(texts: Texts, hit: PhotoHit) -> list[tuple[str, str]]:
    figures = [(texts.score, f"{hit.score:.2f}")]
    if hit.text:
        figures.append((texts.text_score, f"{hit.text.score:.2f}"))
    if hit.clip:
        figures.append((texts.picture_similarity, f"{hit.clip.similarity:.3f}"))
        if hit.clip.z is not None:
            figures.append((texts.picture_z, f"{hit.clip.z:.1f}"))
    return figures
