import io
import os
import threading

from lzp.engine.gtp.reader import LineQueue, read_lines, start_reader


def taken(queue):
    lines = []
    while (line := queue.take()) is not None:
        lines.append(line)
    return lines


def test_lines_come_in_order_then_the_end():
    queue = LineQueue()
    read_lines(io.BytesIO(b"name\r\n\nplay b q16\nquit"), queue)
    assert taken(queue) == ["name\r", "", "play b q16", "quit"]
    assert queue.take() is None


def test_bytes_that_are_no_text_are_no_end():
    queue = LineQueue()
    read_lines(io.BytesIO(b"\xff\xfe\x00\nname\n"), queue)
    assert taken(queue)[1] == "name"


def test_an_endless_line_does_not_fill_the_memory():
    queue = LineQueue()
    read_lines(io.BytesIO(b"x" * 3_000_000 + b"\nname\n"), queue)
    lines = taken(queue)
    assert len(lines[0]) <= 1 << 20
    assert lines[1] == "name"


def test_any_line_sets_waiting_until_it_is_taken():
    queue = LineQueue()
    assert not queue.waiting.is_set()
    queue.put([""])
    assert queue.waiting.is_set()
    queue.take()
    assert not queue.waiting.is_set()
    queue.close()
    assert queue.waiting.is_set()


def test_quit_interrupts_what_runs_if_nothing_is_before_it():
    queue = LineQueue()
    queue.put(["genmove b"])
    queue.take()
    queue.put(["12 quit\r"])
    assert queue.interrupt.is_set()


def test_quit_in_a_script_lets_the_commands_before_it_finish():
    queue = LineQueue()
    queue.put(["genmove b", "quit"])
    queue.close()
    assert queue.take() == "genmove b"
    assert not queue.interrupt.is_set()


def test_quit_behind_another_command_waits_its_turn():
    queue = LineQueue()
    queue.put(["genmove b"])
    queue.take()
    queue.put(["play w d4", "quit"])
    assert not queue.interrupt.is_set()


def test_the_end_of_input_interrupts_what_runs():
    queue = LineQueue()
    queue.put(["genmove b"])
    queue.take()
    queue.close()
    assert queue.interrupt.is_set()


def test_the_interrupt_comment_counts_wherever_it_is():
    queue = LineQueue()
    queue.put(["genmove b"])
    queue.take()
    queue.put(["name", "# interrupt"])
    assert queue.interrupt.is_set()
    queue.take()
    queue.take()
    assert not queue.interrupt.is_set()


def test_a_pipe_that_closes_ends_the_queue():
    queue, (out, into) = LineQueue(), os.pipe()
    with os.fdopen(out, "rb") as source:
        thread = start_reader(source, queue)
        os.write(into, b"name\nhalf")
        os.close(into)
        thread.join(timeout=10)
    assert taken(queue) == ["name", "half"]


def test_taking_waits_for_a_line():
    queue = LineQueue()
    threading.Timer(0.05, queue.put, [["late"]]).start()
    assert queue.take() == "late"


def test_an_interrupt_that_overtakes_its_command_counts_once_that_is_taken():
    queue = LineQueue()
    queue.put(["genmove b", "# interrupt", "genmove w"])
    queue.take()
    assert queue.interrupt.is_set()
    queue.take()
    assert not queue.interrupt.is_set()
    assert queue.take() == "genmove w"
    assert not queue.interrupt.is_set()


def test_the_last_command_of_a_script_is_not_cut_short_by_the_scripts_end():
    for _ in range(200):  # the end must never come later than the line
        queue, (out, into) = LineQueue(), os.pipe()
        os.write(into, b"genmove b\n")
        os.close(into)
        with os.fdopen(out, "rb") as source:
            thread = start_reader(source, queue)
            assert queue.take() == "genmove b"
            thread.join(timeout=10)
        assert not queue.interrupt.is_set()


def test_a_queue_that_is_abandoned_drops_its_lines_and_interrupts():
    queue = LineQueue()
    queue.put(["genmove b", "# interrupt", "genmove w"])
    queue.abandon()
    assert queue.interrupt.is_set()
    assert queue.waiting.is_set()
    assert queue.take() is None
