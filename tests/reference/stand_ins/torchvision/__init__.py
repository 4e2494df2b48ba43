"""Stands in for torchvision, of which cn_clip imports one transform: see transforms.py."""
