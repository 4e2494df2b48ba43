"""Backends as a person writes them: one line each, in ALLINONE_BACKENDS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from allinone.errors import ConfigurationError

EXAMPLE = "photos-ai=mt-photos+http://nas:8060;key=secret;weight=2, photos-ai=predict+http://gpu:8060"
DEFAULT_LIMIT = 8
MOST = 1000  # of weight and of limit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


class Kind(StrEnum):
    """How a backend is spoken to."""

    PREDICT = "predict"
    MT_PHOTOS = "mt-photos"
    IN_PROCESS = "in-process"


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """One backend.

    Attributes:
        name: what rules call it; several backends of one name share its work.
        kind: how it is spoken to.
        url: where it listens, without a slash at the end; empty where it is in this process.
        weight: its share of the work beside others of its name.
        limit: requests it is given at the same time.
        headers: sent with every request to it.
        ca_file: certificates its TLS certificate is checked against; None: those of the system.
        verify: whether its TLS certificate is checked at all.
    """

    name: str
    kind: Kind
    url: str = field(default="", repr=False)  # its path may hold a token
    weight: int = 1
    limit: int = DEFAULT_LIMIT
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    verify: bool = True

    @property
    def place(self) -> str:
        """Where it is, for people: without a token that its path may hold."""
        return re.sub(r"/t/[^/]+", "/t/...", self.url) or "in this process"


def parse_backends(text: str) -> list[BackendSpec]:
    """What ALLINONE_BACKENDS says: `name=kind+url;option=value`, separated by commas, blanks or line breaks.

    Options: weight, limit, key (the api-key), header.NAME, ca (a file), verify (yes or no). A comma, semicolon or
    blank inside a value is written as in a URL: %2C, %3B, %20.

    Raises:
        ConfigurationError: with the part that is wrong, and never with a value of an option, which may be secret.
    """
    return [_parse(part) for part in re.split(r"[,\s]+", text) if part]


def http_url(text: str, what: str) -> str:
    """`text` without a slash at the end, where it is the address of an HTTP server.

    Raises:
        ConfigurationError: it is none; `what` names the setting.
    """
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = SplitResult("", "", "", "", ""), False
    if not usable or parts.query or parts.fragment or not parts.netloc.isascii():
        message = f"{what} must be an address such as http://localhost:3003, and is {_without_login(text)!r}."
        raise ConfigurationError(message)
    if parts.username is not None or parts.password is not None:
        message = f"{what} must not hold a password. Send it as a header: header.Authorization=Basic%20..."
        raise ConfigurationError(message)
    return parts.geturl().rstrip("/")


def _without_login(text: str) -> str:
    return re.sub(r"//[^/@]*@", "//...@", text.split("?")[0])[:200]


def _parse(part: str) -> BackendSpec:
    address, *options = part.split(";")
    name, equals, target = address.partition("=")
    kind_name, _, url = target.partition("+")
    shown = _without_login(address)
    if not equals or not _NAME.fullmatch(name):
        raise _wrong(f"{shown!r} does not begin with NAME=")
    if kind_name not in set(Kind):
        raise _wrong(f"{shown!r} must name one of the kinds {', '.join(Kind)}")
    kind = Kind(kind_name)
    if kind is Kind.IN_PROCESS and url:
        raise _wrong(f"{shown!r} is in this process and has no address")
    if kind is not Kind.IN_PROCESS:
        url = http_url(url, f"The address of {name!r} in ALLINONE_BACKENDS")
    return BackendSpec(name=name, kind=kind, url=url, **_options(name, options))


def _options(name: str, options: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for option in options:
        key, equals, value = option.partition("=")
        value = unquote(value)
        if not equals:
            raise _wrong(f"an option of {name!r} has no value")
        if key in ("weight", "limit"):
            found[key] = _number(name, key, value)
        elif key == "key":
            headers["api-key"] = _header(name, "api-key", value)
        elif key.startswith("header."):
            headers[key.removeprefix("header.").lower()] = _header(name, key.removeprefix("header."), value)
        elif key == "ca":
            found["ca_file"] = _file(name, value)
        elif key == "verify" and value.lower() in ("yes", "no", "true", "false"):
            found["verify"] = value.lower() in ("yes", "true")
        else:
            raise _wrong(f"{name!r} has the option {key[:50]!r}, or a value of it, that is not known")
    return found | {"headers": headers}


def _number(name: str, key: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= MOST:
        raise _wrong(f"{key} of {name!r} must be a whole number from 1 to {MOST}")
    return int(value)


def _header(name: str, header: str, value: str) -> str:
    if not _HEADER_NAME.fullmatch(header) or not _HEADER_VALUE.fullmatch(value):
        raise _wrong(f"the header {header[:50]!r} of {name!r} cannot be sent as it is")
    if header.lower() in ("content-length", "transfer-encoding", "content-type", "connection"):
        raise _wrong(f"the header {header!r} of {name!r} is set by the gateway itself")
    return value


def _file(name: str, value: str) -> Path:
    if not Path(value).is_file():
        raise _wrong(f"ca of {name!r} names no file")
    return Path(value)


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"ALLINONE_BACKENDS cannot be used: {what}. An example: {EXAMPLE}")
