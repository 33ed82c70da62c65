"""The old name of `reid.synthetic`, kept for scripts that use it."""

from reid.synthetic import *  # noqa: F403
from reid.synthetic import __all__ as __all__
