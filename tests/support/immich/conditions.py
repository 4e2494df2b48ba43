"""Immich's search filters as SQL: the flat ones of 3.1, and the structured `filter` of 3.2."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.support.immich.rows import tokenize

OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
FLAT_TIMES = {
    "created": '"createdAt"', "updated": '"updatedAt"', "trashed": '"deletedAt"', "taken": '"fileCreatedAt"',
}  # fmt: skip
EXIF_TEXTS = ("city", "state", "country", "make", "model", "lensModel")
COLUMNS = {
    "id": "asset.id", "libraryId": 'asset."libraryId"', "type": "asset.type", "visibility": "asset.visibility::text",
    "isFavorite": 'asset."isFavorite"', "isOffline": 'asset."isOffline"', "rating": "asset_exif.rating",
    "fileSizeInBytes": 'asset_exif."fileSizeInByte"', "takenAt": 'asset."fileCreatedAt"',
    "createdAt": 'asset."createdAt"', "updatedAt": 'asset."updatedAt"', "trashedAt": 'asset."deletedAt"',
    "description": "asset_exif.description", "originalFileName": 'asset."originalFileName"',
    "originalPath": 'asset."originalPath"', **{name: f'asset_exif."{name}"' for name in EXIF_TEXTS},
}  # fmt: skip
CASTS = {"id": "::uuid", "libraryId": "::uuid", **dict.fromkeys(("takenAt", "createdAt", "updatedAt", "trashedAt"), "::timestamptz")}  # fmt: skip  # noqa: E501
FACES = 'select f."personId" from asset_face f where f."assetId" = asset.id'
IDS = {
    "albumIds": 'select a."albumId" from album_asset a where a."assetId" = asset.id',
    "personIds": f'{FACES} and f."deletedAt" is null and f."isVisible"',
    "tagIds": """select c.id_ancestor from tag_asset t join tag_closure c on c.id_descendant = t."tagId"
        where t."assetId" = asset.id""",
}
HAS = {"hasAlbums": "albumIds", "hasPeople": "personIds", "hasTags": "tagIds"}
ENCODED = """exists (select from asset_file e where e."assetId" = asset.id and e.type = 'encoded_video')"""
OCR = (
    'exists (select from ocr_search o where o."assetId" = asset.id and f_unaccent(o.text) %%>> f_unaccent(%({name})s))'
)
LIKE = {"like": "'%%' || {} || '%%'", "startsWith": "{} || '%%'", "endsWith": "'%%' || {}"}


class Conditions:
    """Conditions that all must hold, and their parameters."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.parameters: dict[str, Any] = {}

    def add(self, condition: str, value: Any = None) -> None:
        """One more condition; {} in it stands for `value`."""
        if "{}" in condition:
            condition = condition.replace("{}", self.bind(value))
        self.all.append(condition)

    def bind(self, value: Any) -> str:
        """A placeholder for `value`."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    @property
    def sql(self) -> str:
        """All of them, for `where`."""
        return " and ".join(self.all) if self.all else "true"

    def flat(self, body: Mapping[str, Any], *, not_locked: bool) -> None:
        """The flat filters of `body`."""
        visibility = body.get("visibility")
        if visibility is not None:
            self.add("asset.visibility = {}::asset_visibility_enum", visibility)
        elif not_locked:
            self.add("asset.visibility <> 'locked'")
        self._flat_assets(body)
        self._flat_names(body)
        self._flat_exif(body)
        self._flat_lists(body)
        deleted = body.get("withDeleted") or body.get("trashedAfter") or body.get("trashedBefore")
        if not (deleted or body.get("isOffline")):
            self.add('asset."deletedAt" is null')

    def _flat_assets(self, body: Mapping[str, Any]) -> None:
        self._flat_times(body)
        for name, column in (("id", "id"), ("libraryId", '"libraryId"')):
            if body.get(name):
                self.add(f"asset.{column} = {{}}::uuid", body[name])
        if body.get("type"):
            self.add("asset.type = {}", body["type"])
        if body.get("checksum"):
            self.add("asset.checksum = {}", base64.b64decode(body["checksum"]))
        for name in ("isFavorite", "isOffline"):
            if name in body:
                self.add(f'asset."{name}" = {{}}', body[name])
        if "isMotion" in body:
            self.add(f'asset."livePhotoVideoId" is {"not " if body["isMotion"] else ""}null')
        if "isEncoded" in body:
            self.add(ENCODED if body["isEncoded"] else f"not {ENCODED}")

    def _flat_times(self, body: Mapping[str, Any]) -> None:
        for prefix, column in FLAT_TIMES.items():
            for suffix, operator in (("Before", "<="), ("After", ">=")):
                if body.get(prefix + suffix):
                    self.add(f"asset.{column} {operator} {{}}::timestamptz", body[prefix + suffix])

    def _flat_names(self, body: Mapping[str, Any]) -> None:
        for name in ("originalFileName", "originalPath"):
            if body.get(name):
                self.add(f"f_unaccent(asset.\"{name}\") ilike '%%' || f_unaccent({{}}) || '%%'", body[name])

    def _flat_exif(self, body: Mapping[str, Any]) -> None:
        for name in EXIF_TEXTS:
            if name in body:
                self._equal_or_null(f'asset_exif."{name}"', body[name])
        if "rating" in body:
            self._equal_or_null("asset_exif.rating", body["rating"])
        if body.get("description"):
            self.add("f_unaccent(asset_exif.description) ilike '%%' || f_unaccent({}) || '%%'", body["description"])
        if body.get("withExif"):
            self.add('asset_exif."assetId" is not null')

    def _flat_lists(self, body: Mapping[str, Any]) -> None:
        for name, select in IDS.items():
            if body.get(name):
                self._all_of(select, body[name])
        if "tagIds" in body and body["tagIds"] is None:
            self.add(f"not exists ({IDS['tagIds']})")
        if body.get("isNotInAlbum") and not body.get("albumIds"):
            self.add(f"not exists ({IDS['albumIds']})")
        if body.get("ocr"):
            self.add_ocr(body["ocr"])
        if body.get("withStacked") is False:
            self.add('asset."stackId" is null')

    def _equal_or_null(self, column: str, value: Any) -> None:
        self.add(f"{column} is null") if value is None else self.add(f"{column} = {{}}", value)

    def _all_of(self, select: str, ids: list[str]) -> None:
        wanted = self.bind([UUID(one) for one in dict.fromkeys(ids)])
        self.all.append(f"{wanted}::uuid[] <@ array({select})")

    def add_ocr(self, query: str) -> None:
        """Immich's own filter on text."""
        name = self.bind(" ".join(tokenize(query)))[2:-2]
        self.all.append(OCR.replace("{name}", name))

    def structured(self, tree: Mapping[str, Any]) -> None:
        """The `filter` of 3.2: a branch, and of the branches in `or` at least one."""
        self.all += self._branch({name: value for name, value in tree.items() if name != "or"})
        if tree.get("or"):
            branches = [" and ".join(self._branch(branch)) or "true" for branch in tree["or"]]
            self.all.append("(" + " or ".join(f"({branch})" for branch in branches) + ")")

    def _branch(self, branch: Mapping[str, Any]) -> list[str]:
        inner = Conditions()
        inner.parameters = self.parameters
        for name, operations in branch.items():
            inner._one(name, operations)
        return inner.all

    def _one(self, name: str, operations: Mapping[str, Any]) -> None:
        if name in IDS:
            self._id_lists(IDS[name], operations)
        elif name in HAS:
            self.add(f"{'' if operations['eq'] else 'not '}exists ({IDS[HAS[name]]})")
        elif name == "ocr":
            self.add_ocr(operations["matches"])
        elif name == "isMotion":
            self.add(f'asset."livePhotoVideoId" is {"not " if operations["eq"] else ""}null')
        elif name == "isEncoded":
            self.add(ENCODED if operations["eq"] else f"not {ENCODED}")
        elif name in COLUMNS:
            for operator, value in operations.items():
                self._compare(COLUMNS[name], operator, value, CASTS.get(name, ""))

    def _id_lists(self, select: str, operations: Mapping[str, Any]) -> None:
        for operator, ids in operations.items():
            if operator == "all":
                self._all_of(select, ids)
                continue
            wanted = self.bind([UUID(one) for one in ids])
            self.all.append(f"{'not ' if operator == 'none' else ''}{wanted}::uuid[] && array({select})")

    def _compare(self, column: str, operator: str, value: Any, cast: str) -> None:
        if value is None:
            self.add(f"{column} is {'not ' if operator == 'ne' else ''}null")
        elif operator in OPERATORS:
            self.add(f"{column} {OPERATORS[operator]} {{}}{cast}", value)
        elif operator in ("in", "notIn"):
            self.add(f"{column} {'= any' if operator == 'in' else '<> all'}({{}}{cast and cast + '[]'})", value)
        elif operator in LIKE:
            self.add(f"f_unaccent({column}) ilike {LIKE[operator].replace('{}', 'f_unaccent({})')}", value)
        elif operator == "notLike":
            self.add(f"f_unaccent({column}) not ilike '%%' || f_unaccent({{}}) || '%%'", value)
