"""ruff and mypy --strict are part of the suite."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_finds_nothing():
    done = run("ruff", "check")
    assert (done.returncode, done.stdout.strip()) == (0, "All checks passed!")


def test_mypy_strict_finds_nothing():
    done = run("mypy")
    assert done.returncode == 0, done.stdout
