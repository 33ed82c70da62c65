"""Records as JSON, one object a line: what `--json` prints and the web API answers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from reid.records import Match, Problem, Sighting


def line(value: Any) -> str:
    """One line of JSON: a `Sighting` in the shape below, any other record by its fields; no number is nan or infinite."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Records, paths, dates and mappings as what JSON knows."""
    if isinstance(value, Sighting):
        return sighting(value)
    if isinstance(value, Problem):
        return {"photo": value.path, "error": value.reason, "origin": value.origin}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.as_posix() if isinstance(value, Path) else value


def sighting(answer: Sighting) -> dict[str, Any]:
    """A sighting as `reid query --json` prints it."""
    return {
        "photo": answer.photo,
        "sha256": answer.sha256,
        "species": {
            "name": answer.species.name,
            "probability": answer.species.probability,
            "alternatives": [{"name": name, "probability": chance} for name, chance in answer.species.alternatives],
            "reason": answer.species.reason,
        },
        "decision": answer.decision.outcome.value,
        "individual": answer.decision.individual,
        "probability": answer.decision.probability,
        "reason": answer.decision.reason,
        "side": answer.side,
        "captured_at": plain(answer.captured_at),
        "camera": answer.camera,
        "season": answer.season,
        "encounter": answer.encounter,
        "photos": list(answer.photos),
        "searched": list(answer.searched),
        "matches": [_match(match) for match in answer.matches],
        "nets": {"species": answer.species.fingerprint, "embedding": answer.embedding_fingerprint},
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "individual": match.individual,
        "species": match.species,
        "rank": match.rank,
        "score": match.score,
        "local": match.local,
        "probability": match.probability,
        "photo": match.photo,
        "side": match.side,
        "captured_at": plain(match.captured_at),
    }
