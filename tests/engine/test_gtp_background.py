"""Work beside the commands: ends when asked, one at a time, and its failures are kept."""

import threading
import time

from lzp.engine.gtp.background import Background


def until_stopped(stop: threading.Event) -> None:
    stop.wait()


def test_work_ends_when_it_is_asked_to() -> None:
    background, ended = Background(), threading.Event()
    background.start(until_stopped, ended.set)
    assert background.is_running
    background.stop()
    assert ended.wait(5)
    background.wait()
    assert not background.is_running


def test_asking_does_not_wait() -> None:
    background, go_on = Background(), threading.Event()

    def stubborn(stop: threading.Event) -> None:
        go_on.wait()

    background.start(stubborn)
    started = time.monotonic()
    background.stop()
    assert time.monotonic() - started < 0.5
    assert background.is_running
    go_on.set()
    background.wait()


def test_new_work_waits_for_the_old() -> None:
    background, order = Background(), []

    def first(stop: threading.Event) -> None:
        stop.wait()
        order.append(1)

    background.start(first)
    background.start(lambda stop: order.append(2))
    background.wait()
    assert order == [1, 2]


def test_a_failure_is_told_once_and_ends_the_work() -> None:
    background = Background()

    def fail(stop: threading.Event) -> None:
        raise KeyError("half-way")

    background.start(fail)
    background.wait()
    assert isinstance(background.take_error(), KeyError)
    assert background.take_error() is None
    background.start(lambda stop: None)
    background.wait()
    assert background.take_error() is None
