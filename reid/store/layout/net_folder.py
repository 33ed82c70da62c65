"""The files of a gallery's nets, in its folder `nets`, and the folders for what can be made again."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from reid.errors import NetError
from reid.files import atomic_replace, make_folder

WEIGHTS, CARD = ".safetensors", ".json"


def same_content(first: Path, second: Path) -> bool:
    """Whether both are there and hold the same bytes."""
    try:
        return first.stat().st_size == second.stat().st_size and first.read_bytes() == second.read_bytes()
    except OSError:
        return False


class NetFolder:
    """`<fingerprint>.safetensors` with its card `.json` and what was exported of it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def path(self, fingerprint: str) -> Path:
        """See `contract.NetFiles`."""
        return self._folder / f"{fingerprint}{WEIGHTS}"

    def put(self, weights: Path) -> Path:
        """See `contract.NetFiles`."""
        card = weights.with_suffix(CARD)
        try:
            fingerprint = str(json.loads(card.read_text(encoding="utf-8"))["fingerprint"])
        except FileNotFoundError as error:
            raise NetError(f"{card} is missing; a net is a .safetensors file with its .json card beside it") from error
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise NetError(f"{card} is no card of a net ({type(error).__name__}: {error}); take it from a backup") from error
        if not re.fullmatch("[0-9a-f]{16}", fingerprint):  # it names files: no path may hide in it
            raise NetError(f"{card}: fingerprint {fingerprint!r} is not 16 hex digits")
        make_folder(self._folder)
        target = self.path(fingerprint)
        if not same_content(weights, target):  # absent, cut off by a power failure, or damaged since
            for source, copy in ((weights, target), (card, target.with_suffix(CARD))):
                with atomic_replace(copy) as temporary:
                    shutil.copyfile(source, temporary)
        elif not target.with_suffix(CARD).exists():
            with atomic_replace(target.with_suffix(CARD)) as temporary:
                shutil.copyfile(card, temporary)
        return target

    def known(self) -> tuple[str, ...]:
        """See `contract.NetFiles`."""
        return tuple(sorted(path.stem for path in self._folder.glob(f"*{WEIGHTS}")))


class LocalWorkspace:
    """Inside the gallery's folder: checkpoints beside its nets, everything else in its cache."""

    def __init__(self, nets: Path, cache: Path) -> None:
        """Nothing is made yet."""
        self.checkpoints, self.cache = nets / "training", cache
