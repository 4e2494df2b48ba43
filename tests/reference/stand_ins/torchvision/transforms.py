"""What torchvision.transforms does with PIL images, as far as cn_clip's image_transform uses it.

This is not torchvision. It does what torchvision documents for PIL images: Resize to (height, width) is PIL's own
resize, ToTensor divides bytes by 255 and puts channels first, Normalize subtracts the mean and divides by the std.
So that this cannot hide a fault, the same pictures are also compared with transformers' image processor.
"""

from enum import Enum

import numpy as np
import torch
from PIL import Image


class InterpolationMode(Enum):
    BICUBIC = "bicubic"


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image


class Resize:
    def __init__(self, size, interpolation):
        assert interpolation is InterpolationMode.BICUBIC
        self.height, self.width = size

    def __call__(self, image):
        return image.resize((self.width, self.height), Image.Resampling.BICUBIC)


class ToTensor:
    def __call__(self, image):
        pixels = torch.from_numpy(np.array(image, dtype=np.uint8, copy=True))
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


class Normalize:
    def __init__(self, mean, std):
        self.mean, self.std = (torch.tensor(each, dtype=torch.float32)[:, None, None] for each in (mean, std))

    def __call__(self, tensor):
        return (tensor - self.mean) / self.std
