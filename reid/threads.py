"""The one place that decides how torch and faiss share the process: import order and thread counts.

Each brings an OpenMP runtime of its own. Loading torch first, and giving faiss one thread for a query, is what was seen
to be safe and fast (two OpenMP threads made one query up to 40 times slower on a busy machine). Call `prepare()` before
the first import of either; it is cheap and may be called again.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


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


def keep_memory() -> None:
    """Let the C library keep freed memory for the next training step instead of returning it to the system each time.

    A step frees and takes the same large blocks again; with glibc's defaults every one of them is mapped and zeroed again,
    which cost 10 to 15 % of a training step here. Elsewhere than on glibc nothing happens.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None and any(mallopt(_MMAP_THRESHOLD, most) for most in (2**31 - 1, 32 * 2**20)):  # older: 32 MiB
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)


@cache
def fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively (AVX512-BF16 or AMX); without, it would be slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
