"""The one place that decides how torch and faiss share the process: import order and thread counts.

Each brings an OpenMP runtime of its own. Loading torch first, and giving faiss one thread for a query, is what was seen
to be safe and fast (two OpenMP threads made one query up to 40 times slower on a busy machine). Call `prepare()` before
the first import of either; it is cheap and may be called again.
"""

from __future__ import annotations

import os


def prepare() -> None:
    """Set the environment that both OpenMP runtimes read when they are loaded."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    os.environ.setdefault("MKL_DYNAMIC", "FALSE")  # the same sums on a busy machine as on a quiet one
    os.environ.setdefault("MKL_CBWR", "AUTO")  # ... and for an array anywhere in memory


def cores() -> int:
    """How many cores this process may use (at least 1)."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)
