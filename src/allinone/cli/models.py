"""`allinone models`: which models are on disk, and how to get or make one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from allinone.cli.download_view import download_view
from allinone.cli.local_data import data_directory
from allinone.cli.options import DataDirOption
from allinone.errors import InvalidRequest, ModelMissing
from allinone.photos_ai import face_pack
from allinone.photos_ai.conversion.architecture import ARCHITECTURES, architecture
from allinone.photos_ai.conversion.convert import PRECISIONS, convert_checkpoint, convert_pair
from allinone.photos_ai.conversion.onnx_pair import find_pair
from allinone.photos_ai.download.pull import Pull, pull_model, sources_for
from allinone.photos_ai.download.pull_faces import FacePull, pull_faces
from allinone.photos_ai.download.settings import DownloadSettings
from allinone.photos_ai.face_pack import LICENCE, PACKS, network_files
from allinone.photos_ai.model_folder import ModelFolder, choose_model, open_model_folder
from allinone.photos_ai.models import ocr
from allinone.photos_ai.models.face_recognition import DIMENSION
from allinone.photos_ai.settings import EngineSettings

app = typer.Typer(no_args_is_help=True, help="List, fetch, verify and make models.")

VocabOption = Annotated[
    Path | None,
    typer.Option("--vocab", help="Its word pieces.", show_default="vocab.txt beside the checkpoint"),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option("--precision", help=f"Of the weights: {', '.join(PRECISIONS)}.", show_default="fp32"),
]


class Source(StrEnum):
    """Whom to ask for a model."""

    AUTO = "auto"
    HUGGING_FACE = "huggingface"
    MODEL_SCOPE = "modelscope"


@app.command("list")
def list_models(data_dir: DataDirOption = None) -> None:
    """List the models there are, and which are on disk."""
    models = data_directory(data_dir).models
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("model", "for", "vector", "state"):
        table.add_column(column)
    table.add_row(ocr.NAME, "text in photos", "", "[green]ready[/] (comes along)")
    for model in ARCHITECTURES.values():
        table.add_row(model.name, "what photos show", str(model.dim), _state(models, model.name))
    console = Console()
    for name in PACKS:
        table.add_row(name, "faces", str(DIMENSION), _faces_state(models, name))
    console.print(table)
    console.print(f"\nModels lie in {models}", highlight=False)
    console.print(f"The weights that find faces are {LICENCE}: InsightFace's terms.", highlight=False)


@app.command()
def verify(data_dir: DataDirOption = None) -> None:
    """Compare every file of the models on disk with its checksum."""
    models = data_directory(data_dir).models
    damaged = 0
    for manifest in sorted([*models.glob("*/model.json"), *models.glob(f"*/{face_pack.MANIFEST}")]):
        try:
            if manifest.name == face_pack.MANIFEST:
                face_pack.verify(manifest.parent)
            else:
                open_model_folder(manifest.parent).verify()
        except ModelMissing as error:
            damaged += 1
            typer.echo(str(error))
        else:
            typer.echo(f"{manifest.parent.name}: every file is as it was made")
    raise typer.Exit(1 if damaged else 0)


@app.command()
def convert(
    checkpoint: Annotated[
        list[Path],
        typer.Argument(
            help="The .pt of Chinese-CLIP, a transformers folder, or the ONNX pair of cn_clip or MT-Photos "
            "(its folder or its two files), with vocab.txt beside or in it.",
            show_default=False,
        ),
    ],
    model: Annotated[str, typer.Option("--model", help=f"Which it is: {', '.join(ARCHITECTURES)}.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where model folders lie.", show_default="models")] = None,
    vocab: VocabOption = None,
    precision: PrecisionOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Turn a Chinese-CLIP into a model folder. Needs no torch, and runs nothing in the checkpoint."""
    _check_precision(precision)
    models = out or data_directory(data_dir).models
    with download_view() as view:
        folder = _convert(checkpoint, model, models, vocab, precision, view.step)
    _say_ready(folder, models)


@app.command()
def pull(
    name: Annotated[
        str, typer.Argument(help=f"Which model: {', '.join([*ARCHITECTURES, *PACKS])}.", show_default=False)
    ],
    source: Annotated[
        Source,
        typer.Option(
            "--source",
            help="Whom to ask. auto: Hugging Face (or the mirror that HF_ENDPOINT names), then ModelScope.",
        ),
    ] = Source.AUTO,
    origin: Annotated[
        str | None,
        typer.Option("--from", help="A folder, a file or an address to take it from instead.", show_default=False),
    ] = None,
    vocab: VocabOption = None,
    precision: PrecisionOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the checkpoint, too.")] = False,  # noqa: FBT002  # typer's form
    force: Annotated[bool, typer.Option("--force", help="Even though it is there and whole.")] = False,  # noqa: FBT002
    data_dir: DataDirOption = None,
) -> None:
    """Fetch a Chinese-CLIP and turn it into a model folder, or the models that find faces. Interrupted, it goes on."""
    _check_precision(precision)
    _check_name(name)
    models = data_directory(data_dir).models
    if name in PACKS:
        _pull_faces(FacePull(name, models, origin or DownloadSettings().insight_face, keep=keep, again=force))
        return
    if origin is not None and "://" not in origin:
        with download_view() as view:
            folder = _convert([Path(origin).expanduser()], name, models, vocab, precision, view.step)
        _say_ready(folder, models)
        return
    wanted = Pull(name, models, precision=precision, vocabulary=vocab, keep=keep, again=force)
    sources = sources_for(origin or source.value, DownloadSettings())
    with _stoppable(), download_view() as view:
        pulled = pull_model(wanted, sources, view)
    if pulled.fetched:
        _say_ready(pulled.folder, models)
    else:
        typer.echo(f"{pulled.folder.path} is here already, and every file is as it was made. --force fetches it anew.")


def _pull_faces(pull: FacePull) -> None:
    with _stoppable(), download_view() as view:
        fetched = pull_faces(pull, view)
    if fetched:
        typer.echo(f"{pull.folder} is ready. Its weights are {LICENCE}: InsightFace's terms.")
    else:
        typer.echo(f"{pull.folder} is here already, and usable. --force fetches it anew.")


@contextmanager
def _stoppable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped. What has come is kept: the same command goes on from there.", err=True)
        raise typer.Exit(130) from None


def _check_name(name: str) -> None:
    if name not in ARCHITECTURES and name not in PACKS:
        message = f"{name!r} is not one of {', '.join([*ARCHITECTURES, *PACKS])}."
        raise InvalidRequest(message)


def _convert(
    sources: list[Path],
    name: str,
    models: Path,
    vocabulary: Path | None,
    precision: str | None,
    on_step: Callable[[str], None],
) -> ModelFolder:
    architecture(name)
    pair = find_pair(sources, precision)
    if pair is not None:
        return convert_pair(pair, name, models, vocabulary=vocabulary, on_step=on_step)
    if len(sources) > 1:
        message = "A checkpoint is one file or folder; two are taken only as an ONNX pair."
        raise InvalidRequest(message)
    return convert_checkpoint(
        sources[0], name, models, vocabulary=vocabulary, precision=precision or "fp32", on_step=on_step
    )


def _check_precision(precision: str | None) -> None:
    if precision is not None and precision not in PRECISIONS:
        message = f"{precision!r} is not one of {', '.join(PRECISIONS)}."
        raise typer.BadParameter(message, param_hint="--precision")


def _say_ready(folder: ModelFolder, models: Path) -> None:
    typer.echo(f"{folder.path} is ready ({folder.manifest.dim} numbers a vector).")
    try:
        choose_model(models, EngineSettings(models=models).clip_model)
    except ModelMissing as error:
        typer.echo(str(error))
    else:
        typer.echo("Start `up` (again, if it runs): photos get their vectors in the background.")


def _faces_state(models: Path, name: str) -> str:
    if not (models / name).exists():
        return "[dim]not on disk[/]"
    if next(network_files(models / name), None) is None:
        return f"[red]no networks in it; ./run models pull {name} brings them[/]"
    in_use = EngineSettings(models=models).recognition_model == name
    return f"[green]ready[/]{' (in use)' if in_use else ''}"


def _state(models: Path, name: str) -> str:
    if not (models / name).exists():
        return "[dim]not on disk[/]"
    try:
        precision = open_model_folder(models / name).manifest.precision
        chosen = choose_model(models, EngineSettings(models=models).clip_model) == name
    except ModelMissing as error:
        return f"[red]{error}[/]"
    return f"[green]ready[/] ({precision}{', in use' if chosen else ''})"
