"""Imports cn_clip, with a stand-in for torchvision, which cannot be had for every torch."""

import sys
from pathlib import Path

STAND_INS = str(Path(__file__).parent / "stand_ins")


def import_cn_clip():
    """The package cn_clip.clip. Others (transformers) do not get to see the stand-in."""
    sys.path.insert(0, STAND_INS)
    try:
        from cn_clip import clip
    finally:
        sys.path.remove(STAND_INS)
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
    return clip
