"""The commands in the order in which they are listed, and who we say we are.

Known without importing the engine, so that a board gets its first answers while kernels
and network still load. A test holds this list against the handlers.
"""

from dataclasses import dataclass

from lzp import __version__

#: LizzieYzy turns on lz-analyze for names that begin with "Leela Zero"; its words and replies
#: are what we speak.
NAME = "Leela Zero Python"

#: Lizzie reads "A.B" with an integer B and wants B >= 15: the 0.17 whose GTP dialect this is.
#: Our own version follows it.
VERSION = f"0.17.lzp-{__version__}"

PROTOCOL_VERSION = "2"


@dataclass(frozen=True, slots=True)
class Identity:
    """What `name` and `version` answer."""

    name: str
    version: str


#: By the word of --as. Lizzie and LizzieYzy analyze with kata-analyze if the name begins with
#: KataGo; from 1.11 on LizzieYzy would ask for movesOwnership, which we do not have.
IDENTITIES = {
    "lzp": Identity(NAME, VERSION),
    "leelaz": Identity("Leela Zero", "0.17"),
    "katago": Identity("KataGo", "1.10.0"),
}

#: Answered by the text layer itself.
IDENTITY_COMMANDS = (
    "protocol_version",
    "name",
    "version",
    "quit",
    "known_command",
    "list_commands",
)

#: Answered through a session; names a board looks for, no blanks, one a line.
SESSION_COMMANDS = (
    "boardsize",
    "clear_board",
    "komi",
    "play",
    "genmove",
    "showboard",
    "undo",
    "final_score",
    "final_status_list",
    "time_settings",
    "time_left",
    "fixed_handicap",
    "last_move",
    "move_history",
    "place_free_handicap",
    "set_free_handicap",
    "loadsgf",
    "printsgf",
    "kgs-genmove_cleanup",
    "kgs-time_settings",
    "kgs-rules",
    "kgs-chat",
    "kgs-game_over",
    "cgos-genmove_analyze",
    "kata-time_settings",
    "kata-list_time_settings",
    "kata-get-rules",
    "kata-set-rules",
    "kata-set-rule",
    "kata-list-params",
    "kata-get-param",
    "kata-get-params",
    "kata-set-param",
    "kata-set-params",
    "kata-get-models",
    "kata-raw-nn",
    "heatmap",
    "lzp-cross_check",
    "kata-analyze",
    "kata-genmove_analyze",
    "kata-search",
    "kata-search_cancellable",
    "kata-search_analyze",
    "kata-search_analyze_cancellable",
    "stop",
    "lz-analyze",
    "lz-genmove_analyze",
    "lz-memory_report",
    "lz-setoption",
    "clear_cache",
    "gomill-explain_last_move",
    "gogui-analyze_commands",
    "gogui-interrupt",
    "gogui-play_sequence",
    "gogui-setup",
    "gogui-setup_player",
    "gogui-version",
    "gg-undo",
    "list_stones",
    "lzp-best_moves",
    "lzp-winrate",
    "lzp-variation",
    "lzp-visits",
    "lzp-policy",
    "lzp-policy_map",
    "lzp-territory",
    "lzp-param",
    "cputime",
)

#: Known, but not listed: Sabaki would prefer "analyze", and read its numbers as another dialect.
UNLISTED_COMMANDS = ("analyze",)

#: Answered, but neither listed nor known, as with leelaz; "exit" by the text layer.
HIDDEN_COMMANDS = (
    "exit",
    "go",
    "auto",
    "netbench",
    "dump_training",
    "dump_supervised",
    "dump_debug",
    "save_training",
    "load_training",
)

COMMANDS = IDENTITY_COMMANDS + SESSION_COMMANDS
