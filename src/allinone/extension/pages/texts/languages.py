"""The table of texts in each language."""

from allinone.extension.pages.languages import Language
from allinone.extension.pages.texts.english import ENGLISH
from allinone.extension.pages.texts.simplified import SIMPLIFIED
from allinone.extension.pages.texts.table import Texts
from allinone.extension.pages.texts.traditional import TRADITIONAL

TEXTS: dict[Language, Texts] = {texts.language: texts for texts in (TRADITIONAL, SIMPLIFIED, ENGLISH)}
