"""Backends over TLS: trusted by the system's certificates or by named ones, and never by chance."""

import ssl
from pathlib import Path

import pytest
import trustme

from allinone.errors import ConfigurationError
from support import immich_requests as immich
from support.gateway_site import running_gateway
from support.scripted_backend import ScriptedBackend, mt_photos

ROUTES = "ocr=work,clip=work,facial-recognition=work,*=work"
IMAGE = b"\xff\xd8 not looked at \xff\xd9" * 20_000
FORM = immich.form(immich.OCR, image=IMAGE)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    """A certificate authority at home, and its file."""
    authority = trustme.CA()
    file = tmp_path / "home.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, file


def server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("options", ["ca", "verify=no"])
async def test_a_backend_whose_certificate_is_trusted(authority: tuple[trustme.CA, Path], options: str) -> None:
    tls = server_side(authority[0])
    trust = f";ca={authority[1]}" if options == "ca" else ";verify=no"
    async with (
        ScriptedBackend(tls=tls) as ours,
        ScriptedBackend(mt_photos, tls=tls) as theirs,
        running_gateway(f"work=predict+{ours.url}{trust}", routes=ROUTES) as site,
        running_gateway(f"work=mt-photos+{theirs.url}{trust};key=mt_photos_ai_extra", routes=ROUTES) as converting,
    ):
        for _ in range(3):  # connections are kept
            answer = await site.ask(FORM)
            assert answer.status == 200
            assert answer.json()["ocr"]["text"] == ["發票", "AB-123"]
        assert ours.predictions[0].body == FORM
        assert len(ours.connections) <= 2
        assert (await converting.ask(immich.form(immich.CLIP_TEXTUAL, text="發票"))).status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "nas.example"])
async def test_a_certificate_that_is_not_trusted_gets_nothing(authority: tuple[trustme.CA, Path], name: str) -> None:
    """Nobody's we know, or the right authority's for another name: no byte of a photo goes there."""
    trust = f";ca={authority[1]}" if name == "nas.example" else ""
    async with ScriptedBackend(tls=server_side(authority[0], name)) as backend:
        settings = {"routes": ROUTES, "deadline": 1.0}
        async with running_gateway(f"work=predict+{backend.url}{trust}", **settings) as site:
            answer = await site.ask(FORM)
            assert answer.status == 502
            assert "no TLS certificate that we trust" in answer.body.decode()
            status = await site.get("/", accept="text/html")
            assert "TLS certificate" in status.text
        assert backend.requests == []


async def test_certificates_that_cannot_be_read_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "home.pem").write_text("not a certificate")
    for file in (tmp_path / "home.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match=r"no certificates that can be read|names no file"):
            async with running_gateway(f"work=predict+https://127.0.0.1:1;ca={file}", routes="*=work"):
                pass
