"""The command line: one command for each verb of actions/. The only typer; nothing heavy is imported before it is needed."""

# isort: off
from reid.cli.door import app, run
from reid.cli import training, identification, seasons, counting, contents, curation, keeping, exchange, season_report, manual
# isort: on
# The order of the imports is that of the commands in --help.

__all__ = [
    "app", "contents", "counting", "curation", "exchange", "identification", "keeping", "manual", "run",
    "season_report", "seasons", "training",
]  # fmt: skip
