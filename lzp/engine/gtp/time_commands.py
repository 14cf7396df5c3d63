"""Commands that set clocks. All times may have fractions, as KataGo's controllers send them."""

from collections.abc import Callable

from lzp.engine.clock import TimeSettings
from lzp.engine.gtp.arguments import (
    SYNTAX,
    Args,
    need,
    read_color,
    read_count,
    read_number,
    read_seconds,
)
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session

#: Makes settings, None for no clock, of the words after a kind's name.
_Reader = Callable[[Args], TimeSettings | None]


def time_settings(session: Session, args: Args) -> str:
    """time_settings MAIN PERIOD STONES, in seconds; "0 1 0" is no limit."""
    need(args, 3)
    session.set_time(_canadian(args))
    return ""


def _none(args: Args) -> None:
    """No clock: no words."""


def _absolute(args: Args) -> TimeSettings:
    """Main time only: MAIN."""
    return TimeSettings(main_s=read_seconds(args[0]))


def _canadian(args: Args) -> TimeSettings:
    """So many stones in each period: MAIN PERIOD STONES; a period without stones is no limit."""
    main_s, byo_s, stones = read_seconds(args[0]), read_seconds(args[1]), read_count(args[2])
    return TimeSettings(main_s=main_s, byo_s=byo_s, stones=stones if byo_s else 0)


def _byoyomi(args: Args) -> TimeSettings:
    """Periods of one move each: MAIN PERIOD PERIODS; no periods are absolute time."""
    main_s, byo_s, periods = read_seconds(args[0]), read_seconds(args[1]), read_count(args[2])
    if byo_s == 0 or periods == 0:
        return TimeSettings(main_s=main_s)
    return TimeSettings(main_s=main_s, byo_s=byo_s, periods=periods)


def _fischer(args: Args) -> TimeSettings:
    """Every move adds to the main time: MAIN INCREMENT."""
    return TimeSettings(main_s=read_seconds(args[0]), increment_s=read_seconds(args[1]))


def _fischer_capped(args: Args) -> TimeSettings:
    """The same with two limits, negative for none: MAIN INCREMENT MAIN_LIMIT MOVE_LIMIT."""
    main_limit_s, move_limit_s = read_number(args[2]), read_number(args[3])
    return TimeSettings(
        main_s=read_seconds(args[0]),
        increment_s=read_seconds(args[1]),
        main_limit_s=main_limit_s if main_limit_s >= 0 else None,
        move_limit_s=move_limit_s if move_limit_s >= 0 else None,
    )


#: The kinds of clocks that KGS knows, and those that KataGo adds: words needed, and reader.
_KGS_KINDS: dict[str, tuple[int, _Reader]] = {
    "none": (0, _none),
    "absolute": (1, _absolute),
    "byoyomi": (3, _byoyomi),
    "canadian": (3, _canadian),
}
_KATA_KINDS: dict[str, tuple[int, _Reader]] = {
    **_KGS_KINDS,
    "fischer": (2, _fischer),
    "fischer-capped": (4, _fischer_capped),
}


def kgs_time_settings(session: Session, args: Args) -> str:
    """kgs-time_settings none | absolute M | canadian M P STONES | byoyomi M P PERIODS."""
    return _set_kind(session, args, _KGS_KINDS)


def kata_time_settings(session: Session, args: Args) -> str:
    """kata-time_settings: KGS's kinds, fischer M INC, fischer-capped M INC LIMIT MOVE_LIMIT."""
    return _set_kind(session, args, _KATA_KINDS)


def kata_list_time_settings(session: Session, args: Args) -> str:
    """kata-list_time_settings: the kinds that kata-time_settings knows."""
    return " ".join(_KATA_KINDS)


def _set_kind(session: Session, args: Args, kinds: dict[str, tuple[int, _Reader]]) -> str:
    """Set the clock that a kind's name and its numbers describe."""
    need(args, 1)
    words, read = kinds.get(args[0].lower(), (len(args), None))
    if read is None:
        raise GtpError(SYNTAX)
    need(args[1:], words)
    try:
        settings = read(args[1:])
    except ValueError as error:
        raise GtpError(str(error)) from None
    session.set_time(settings)
    return ""


def time_left(session: Session, args: Args) -> str:
    """time_left COLOR SECONDS STONES: what a color's clock shows; below zero is zero."""
    need(args, 3)
    color = read_color(args[0], "Color in time adjust not understood.")
    seconds, stones = max(0.0, read_number(args[1])), read_count(args[2])
    if session.clock is not None:
        session.clock.adjust(color, seconds, stones)
    return ""


HANDLERS: dict[str, Handler] = {
    "time_settings": time_settings,
    "kgs-time_settings": kgs_time_settings,
    "kata-time_settings": kata_time_settings,
    "kata-list_time_settings": kata_list_time_settings,
    "time_left": time_left,
}
