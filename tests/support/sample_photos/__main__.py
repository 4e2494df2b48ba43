"""Render the sample photos: `PYTHONPATH=tests python -m support.sample_photos samples`."""

import sys
from pathlib import Path

from support.sample_photos import landscape, papers, receipts, signs, tickets

SHOTS = (
    receipts.invoice,
    receipts.shopping,
    receipts.cafe,
    tickets.train,
    tickets.cinema,
    tickets.parcel,
    tickets.medicine,
    signs.garage,
    signs.neon,
    signs.couplet,
    papers.menu,
    papers.notice,
    papers.chat,
    landscape.lake,
)


def main(folder: Path) -> None:
    """Write every sample photo into `folder`."""
    for make in SHOTS:
        shot = make()
        size = shot.write(folder)
        print(f"{shot.name:26} {shot.pixels.shape[1]}x{shot.pixels.shape[0]} {size:7} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
