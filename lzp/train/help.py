"""What `lzp-train --help` says of the groups: each option's first comment line."""

from collections.abc import Iterable
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

_NAME_WIDTH = 14


def install_help() -> None:
    """Let `${lzp_options:}` in a configuration stand for the list of groups and options."""
    OmegaConf.register_new_resolver("lzp_options", _known_options, replace=True)


def options_text(folders: Iterable[Path]) -> str:
    """Return the groups of some configuration folders, one option a line with what it is."""
    found: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/*.yaml")):
            found.setdefault(path.parent.name, {}).setdefault(path.stem, first_comment(path))
    lines = []
    for group, options in sorted(found.items()):
        lines.append(f"{group}:")
        lines += [f"  {name:{_NAME_WIDTH}} {text}".rstrip() for name, text in options.items()]
    return "\n".join(lines)


def first_comment(path: Path) -> str:
    """Return the first comment line of a file, past directives; "" where it has none."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line.lstrip("# ").rstrip()
        if text and not text.startswith("@"):
            return text
    return ""


def _known_options() -> str:
    """Return the options of this command line's configuration folders, for Hydra's template."""
    searched = GlobalHydra.instance().config_loader().get_search_path().get_path()
    paths = [str(element.path) for element in searched]
    folders = [Path(path.removeprefix("file://")) for path in paths if "pkg://" not in path]
    return options_text(folders).replace("$", "$$")
