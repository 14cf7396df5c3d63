"""The manual names every command, and none that there is not."""

import re
from pathlib import Path

from lzp.engine.gtp.catalog import COMMANDS, HIDDEN_COMMANDS, UNLISTED_COMMANDS
from lzp.engine.gtp.parameters import PARAMETERS

MANUAL = Path(__file__).parents[2] / "docs" / "gtp.md"


def test_the_manual_names_every_command_and_parameter():
    rows = [line.split("|")[1] for line in MANUAL.read_text().splitlines() if line[:2] == "| "]
    named = {name for row in rows for name in re.findall(r"`([a-zA-Z][\w-]*)", row)}
    assert named == {*COMMANDS, *UNLISTED_COMMANDS, *HIDDEN_COMMANDS, *PARAMETERS}
