"""A Chinese-CLIP of random weights, made and saved by cn_clip or by transformers, and what it answers.

values: name (such as "ViT-B-16"); layers (of each tower; None: all); by ("cn_clip" or "transformers"); form ("pt",
"safetensors" or "bin"); prefix (of the names in a .pt); half (whether the weights are saved in 16 bits); texts.
arrays: pixels, shape (n, height, width, 3). Answers: "image" and "text" vectors, not normalised; "prepared", what its
own preprocessing makes of the pixels. The checkpoint lies in `folder`/checkpoint, with vocab.txt.
"""

import json
import re
from pathlib import Path

import numpy as np
import torch
from cn_clip_import import import_cn_clip
from PIL import Image

SEED = 7


def answer(values, arrays, folder):
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    checkpoint = folder / "checkpoint"
    checkpoint.mkdir()
    images = [Image.fromarray(pixels) for pixels in arrays["pixels"]]
    make = {"cn_clip": _by_cn_clip, "transformers": _by_transformers}[values["by"]]
    with torch.no_grad():
        return {}, make(values, images, checkpoint)


def _by_cn_clip(values, images, checkpoint):
    clip = import_cn_clip()
    _write_vocabulary(checkpoint)
    config = _cn_clip_config(values["name"], values["layers"])
    from cn_clip.clip.model import CLIP

    model = CLIP(**config).float().eval()
    _shake(model)
    state = model.half().state_dict() if values.get("half") else model.state_dict()
    file = checkpoint / f"clip_cn_{values['name'].lower()}.pt"
    prefix = values.get("prefix", "")
    torch.save(
        {"epoch": 1, "name": "test", "state_dict": {f"{prefix}{name}": each for name, each in state.items()}}, file
    )
    model.float()
    pixels = torch.stack([clip.image_transform(config["image_resolution"])(image) for image in images])
    tokens = clip.tokenize(values["texts"])
    arrays = {"image": model.encode_image(pixels), "text": model.encode_text(tokens), "prepared": pixels}
    if values.get("sensitivity"):
        arrays |= _sensitivity(model, pixels[:1], tokens[:1])
    return {name: value.numpy() if hasattr(value, "numpy") else value for name, value in arrays.items()}


def _cn_clip_config(name, layers):
    """As cn_clip's create_model puts it together, of `layers` layers."""
    from cn_clip.clip import utils

    folder = Path(utils.__file__).parent / "model_configs"
    vision, text = utils._MODEL_INFO[name]["struct"].split("@")
    config = json.loads((folder / f"{vision}.json").read_text()) | json.loads((folder / f"{text}.json").read_text())
    if isinstance(config["vision_layers"], str):
        config["vision_layers"] = json.loads(config["vision_layers"])
    if layers is not None:
        config["text_num_hidden_layers"] = layers
        several = isinstance(config["vision_layers"], list)
        config["vision_layers"] = [layers] * 4 if several else layers
    return config


def _by_transformers(values, images, checkpoint):
    from transformers import BertTokenizer, ChineseCLIPConfig, ChineseCLIPImageProcessorPil, ChineseCLIPModel

    import_cn_clip()
    vocabulary = _write_vocabulary(checkpoint)
    known = _cn_clip_config(values["name"], values["layers"])
    config = ChineseCLIPConfig(
        projection_dim=known["embed_dim"],
        vision_config={
            "hidden_size": known["vision_width"],
            "intermediate_size": known["vision_width"] * 4,
            "num_hidden_layers": known["vision_layers"],
            "num_attention_heads": known["vision_width"] // known.get("vision_head_width", 64),
            "image_size": known["image_resolution"],
            "patch_size": known["vision_patch_size"],
            "projection_dim": known["embed_dim"],
        },
        text_config={
            "vocab_size": known["vocab_size"],
            "hidden_size": known["text_hidden_size"],
            "intermediate_size": known["text_intermediate_size"],
            "num_hidden_layers": known["text_num_hidden_layers"],
            "num_attention_heads": known["text_num_attention_heads"],
            "max_position_embeddings": known["text_max_position_embeddings"],
        },
    )
    model = ChineseCLIPModel(config).eval()
    _shake(model)
    if values["form"] == "safetensors":
        model.save_pretrained(checkpoint)
    else:
        torch.save(model.state_dict(), checkpoint / "pytorch_model.bin")
        model.config.save_pretrained(checkpoint)
    size = {"height": known["image_resolution"], "width": known["image_resolution"]}
    pixels = ChineseCLIPImageProcessorPil(size=size, do_center_crop=False)(images, return_tensors="pt")["pixel_values"]
    tokens = BertTokenizer(str(vocabulary))(
        values["texts"], padding="max_length", truncation=True, max_length=52, return_tensors="pt"
    )
    vision = model.vision_model(pixel_values=pixels).pooler_output
    text = model.text_model(**tokens).last_hidden_state[:, 0]
    vectors = {"image": model.visual_projection(vision), "text": model.text_projection(text), "prepared": pixels}
    return {name: value.numpy() for name, value in vectors.items()}


def _write_vocabulary(checkpoint):
    from cn_clip.clip import bert_tokenizer

    vocabulary = checkpoint / "vocab.txt"
    vocabulary.write_bytes(Path(bert_tokenizer.default_vocab()).read_bytes())
    return vocabulary


def _shake(model):
    """Weights as a trained model has them, in that all of them count.

    As they are initialised, biases are 0, norms are 1, the last norm of each ResNet block is 0 and BERT's attention is
    the same everywhere: a graph that left them out would pass.
    """
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if not value.is_floating_point() or name.endswith("logit_scale"):
            continue
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
            continue
        mean, spread = _mean_and_spread(name, value)
        value.copy_(mean + spread * torch.randn_like(value))
        if name.endswith("in_proj_weight"):  # queries and keys: attention that prefers
            value[: 2 * value.shape[1]].mul_(1.5)


def _mean_and_spread(name, value):
    if value.ndim == 1 and name.endswith("weight"):
        # sums over many blocks of the ResNet stay within bounds
        return (0.5, 0.1) if ".bn3." in name or ".downsample.1." in name else (1, 0.2)
    if value.ndim == 1:
        return 0, 0.2
    if value.ndim == 4:
        return 0, (2 / value[0].numel()) ** 0.5
    if "embedding" in name:
        return 0, 0.5
    prefers = re.search(r"(query|key|q_proj|k_proj)\.weight", name)
    return 0, (1.5 if prefers else 1) * value.shape[1] ** -0.5


def _sensitivity(model, pixels, tokens):
    """How far the answers turn when one kind of weights is exchanged for others: name of the kind to cosine.

    Shows that a graph which got any of them wrong could not pass.
    """
    kinds = {}
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.is_floating_point() and "logit_scale" not in name and "pooler" not in name:
            kinds.setdefault(re.sub(r"\d+", "#", name), []).append(value)
    image, text = model.encode_image(pixels), model.encode_text(tokens)
    names, cosines = [], []
    for kind, tensors in kinds.items():
        before = [tensor.clone() for tensor in tensors]
        for tensor in tensors:
            tensor.copy_(tensor.flatten()[torch.randperm(tensor.numel())].view_as(tensor))
        first, again = (image, model.encode_image(pixels)) if "visual" in kind else (text, model.encode_text(tokens))
        names.append(kind)
        cosines.append(float(torch.nn.functional.cosine_similarity(first, again)[0]))
        for tensor, old in zip(tensors, before, strict=True):
            tensor.copy_(old)
    return {"kinds": np.array(names), "cosines": np.array(cosines)}
