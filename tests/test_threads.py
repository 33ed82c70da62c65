"""torch and faiss share one process in either order, with the OpenMP settings of `reid.threads`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reid import threads

ROOT = Path(__file__).parents[1]
OPENMP = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_DUPLICATE_LIB_OK": "TRUE", "KMP_BLOCKTIME": "0"}

NET = """
from reid.nets import net_files, inference
import numpy as np
assert "torch" not in sys.modules
device = inference.device("cpu")
import torch
torch.manual_seed(0)
card = net_files.NetCard("embedding", "mobilenet_v3_small", (32, 32), "gem", 16)
net = inference.of_torch(card, net_files.build(card), device)
rng = np.random.default_rng(0)
def embed():
    vectors = net.embed(list(rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)))
    vectors = vectors + 0.5 * rng.standard_normal(vectors.shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
"""
GALLERY = """
from pathlib import Path
import numpy as np
from reid.records import Photo
from reid.store import Enrollment, Gallery
assert "faiss" not in sys.modules
gallery = Gallery.open(Path(sys.argv[1]), create=True)
gallery.set_embedding_net("zebra", "0" * 16, 16, calibration=None)
rows = np.eye(16, dtype=np.float32)
gallery.enroll("zebra", "0" * 16, [
    Enrollment(f"n{row}", Photo(Path(f"{row}.jpg")), f"{row:064x}", 9, 9, rows[row]) for row in range(16)
])
def search(vectors):
    found = gallery.search("zebra", vectors, 3)
    wanted = np.argmax(vectors, axis=1) + 1
    assert (found.photo_ids[:, 0] == wanted).all(), (found, wanted)
search(rows[:3])
assert "faiss" in sys.modules
"""
BOTH = """
import threading
work = [threading.Thread(target=lambda: [search(embed()) for _ in range(10)]) for _ in range(3)]
for one in work: one.start()
for one in work: one.join()
search(embed())
loss = torch.nn.functional.conv2d(torch.rand(2, 3, 16, 16), torch.rand(4, 3, 3, 3, requires_grad=True)).sum()
loss.backward()
from reid.training.objective import Objective
from reid.store import Where
Objective("triplet+arcface", classes=3, dimension=16, margin=0.2)
found = gallery.search("zebra", rows[:2], 3, where=Where(side="left", individuals=frozenset({"n1", "n5"})))
assert found.photo_ids.tolist() == [[2, 6, -1], [2, 6, -1]], found
assert "faiss.contrib.torch_utils" not in sys.modules  # it takes the filters out of faiss' search
print({name: os.environ.get(name) for name in sorted(os.environ) if name.startswith(("OMP_", "KMP_"))})
"""


def run(code: str, *arguments: str, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "KMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", f"import os, sys\n{code}", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stderr[-2000:]}"
    return done.stdout.strip()


@pytest.mark.parametrize("order", ["torch first", "faiss first"])
def test_nets_and_galleries_compute_in_one_process_in_either_order(tmp_path: Path, order: str) -> None:
    code = NET + GALLERY if order == "torch first" else GALLERY + NET
    assert run(code + BOTH, str(tmp_path / "g")) == str(dict(sorted(OPENMP.items())))


@pytest.mark.parametrize("module", ["reid.nets.networks", "reid.training.trainer", "reid.training.objective"])
def test_whoever_loads_torch_has_prepared_the_threads(module: str) -> None:
    probe = """
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "faiss"):
            print(name, os.environ.get("OMP_WAIT_POLICY"), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
"""
    assert run(f"{probe}import {module}") == "torch PASSIVE"


def test_what_the_user_has_set_is_kept() -> None:
    code = "from reid import threads; threads.prepare(); threads.prepare(); print(os.environ['OMP_WAIT_POLICY'])"
    assert run(code, OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"


def test_the_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6}, raising=False)
    assert threads.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.cores() == 1


def test_freed_memory_is_kept_and_bfloat16_is_told_by_the_processor() -> None:
    threads.keep_memory()
    flags = Path("/proc/cpuinfo")
    text = flags.read_text(encoding="utf-8") if flags.exists() else ""
    assert threads.fast_bfloat16() == ("avx512_bf16" in text or "amx_bf16" in text)
