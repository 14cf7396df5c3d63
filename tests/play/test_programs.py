"""Where other people's programs are looked for."""

from pathlib import Path

from lzp.play import programs


def test_a_program_is_found_on_the_path_or_where_debian_puts_games(tmp_path: Path, monkeypatch):
    games = tmp_path / "games"
    games.mkdir()
    for name in ("go", "chess"):
        (games / name).write_text("#!/bin/sh\n")
    (games / "go").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_GAMES_FOLDER", games)
    assert programs.find_program("go") == str(games / "go")
    assert programs.find_program(str(games / "go")) == str(games / "go")
    assert programs.find_program("chess") is None
    monkeypatch.setenv("PATH", str(games))
    assert programs.find_program("go") == str(games / "go")
