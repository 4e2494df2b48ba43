"""Which references are installed."""

from importlib.metadata import version

from cn_clip_import import import_cn_clip


def answer(values, arrays, folder):
    import insightface.app
    import torch
    import transformers

    clip = import_cn_clip()
    # naming one thing of each makes sure that they can be imported, not only found
    used = (torch.zeros, clip.tokenize, transformers.ChineseCLIPModel, insightface.app.FaceAnalysis)
    found = {name: version(name) for name in ("torch", "cn-clip", "transformers", "insightface", "numpy")}
    return found | {"used": len(used), "cuda": torch.cuda.is_available()}, arrays
