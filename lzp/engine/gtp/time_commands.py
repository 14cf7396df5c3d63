"""Commands that set clocks."""

from lzp.engine.clock import TimeSettings
from lzp.engine.gtp.arguments import SYNTAX, Args, need, read_color, read_count
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session


def time_settings(session: Session, args: Args) -> str:
    """time_settings MAIN PERIOD STONES, in seconds; "0 1 0" is no limit."""
    need(args, 3)
    main_s, byo_s, stones = (read_count(word) for word in args[:3])
    session.set_time(TimeSettings(main_s=main_s, byo_s=byo_s, stones=stones if byo_s else 0))
    return ""


def kgs_time_settings(session: Session, args: Args) -> str:
    """kgs-time_settings none | absolute M | canadian M P STONES | byoyomi M P PERIODS."""
    need(args, 1)
    kind, numbers = args[0].lower(), [read_count(word) for word in args[1:]]
    wanted = {"none": 0, "absolute": 1, "canadian": 3, "byoyomi": 3}.get(kind)
    if wanted is None or len(numbers) < wanted:
        raise GtpError(SYNTAX)
    if kind == "none":
        session.set_time(None)
        return ""
    main_s, byo_s, count = [*numbers, 0, 0][:3]
    if kind == "absolute":
        settings = TimeSettings(main_s=main_s)
    elif kind == "canadian":
        settings = TimeSettings(main_s=main_s, byo_s=byo_s, stones=count)
    else:
        settings = TimeSettings(main_s=main_s, byo_s=byo_s, periods=count)
    session.set_time(settings)
    return ""


def time_left(session: Session, args: Args) -> str:
    """time_left COLOR SECONDS STONES: what a color's clock shows."""
    need(args, 3)
    color = read_color(args[0], "Color in time adjust not understood.")
    seconds, stones = read_count(args[1]), read_count(args[2])
    if session.clock is not None:
        session.clock.adjust(color, seconds, stones)
    return ""


HANDLERS: dict[str, Handler] = {
    "time_settings": time_settings,
    "kgs-time_settings": kgs_time_settings,
    "time_left": time_left,
}
