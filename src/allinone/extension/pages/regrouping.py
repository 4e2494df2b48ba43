"""Putting new photos into a grid that is on the screen already, moving as little as possible."""

from collections.abc import Iterable, Sequence
from uuid import UUID


def regroup(groups: Sequence[Sequence[UUID]], photos: Iterable[UUID]) -> list[list[UUID]]:
    """`photos`, in order, divided into as many groups as before.

    A photo that was shown opens the group it was in; a new one joins the group around it. So only groups that
    gain or lose a photo change, and only those are sent to the browser again.
    """
    group_of = {photo: number for number, group in enumerate(groups) for photo in group}
    regrouped: list[list[UUID]] = [[] for _ in groups] or [[]]
    current = 0
    for photo in photos:
        current = max(current, group_of.get(photo, current))
        regrouped[current].append(photo)
    return regrouped
