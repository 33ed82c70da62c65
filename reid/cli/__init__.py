"""The command line: one command for each verb of actions/. The only typer; nothing heavy is imported before it is needed."""

# isort: off
from reid.cli.door import app, run
from reid.cli import training, seasons, counting, contents, keeping, exchange
from reid.cli import identification
from reid.cli import curation
from reid.cli import season_report
# isort: on
# The order of the imports is that of the commands in --help.

__all__ = [
    "app", "contents", "correcting", "counting", "exchange", "identifying", "keeping", "reporting", "run", "seasons", "training",
]  # fmt: skip
