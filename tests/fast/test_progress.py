"""What a person sees of a run, by a clock that the test winds, and when Ctrl-C is heard."""

import io
import signal
import threading

import pytest

from microgpt import progress
from microgpt.progress import Progress, finish_the_step, print_summary


@pytest.fixture
def clock(monkeypatch):
    """A list with the time in it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def live(clock, monkeypatch):
    """Make a Progress that thinks it has a terminal of 120 columns."""
    monkeypatch.setenv("COLUMNS", "120")

    def make(steps):
        made = Progress(steps)
        made.live = True
        return made

    return make


def test_the_line_is_drawn_ten_times_a_second_and_at_both_ends(live, clock, capsys):
    line = live(5)
    drawn = []
    for step, at in enumerate((0.0, 0.05, 0.1, 0.15, 0.15), 1):
        clock[0] = at
        line.show(step, [1.0] * step)
        drawn += [step] if capsys.readouterr().out else []
    assert drawn == [1, 3, 5]  # 2 and 4 come in less than a tenth of a second, and are neither first nor last


def test_the_line_fills_its_width_and_leaves_the_last_column_free(live, clock, capsys):
    line = live(1000)
    clock[0] += 5
    line.show(500, [9.0] * 400 + [2.5] * 99 + [3.0])
    expected = "step  500 / 1000 [#####-----] loss 3.0000 mean 2.5050 | 100 steps/s, 5 s left"
    assert capsys.readouterr().out == "\r" + expected.ljust(119)


def test_a_step_that_takes_no_time(live, clock, capsys):
    live(1000).show(1, [2.0])
    assert "| 1000000000 steps/s, 0 s left" in capsys.readouterr().out


def test_what_is_drawn_is_seen_at_once(live, monkeypatch):
    class Terminal(io.StringIO):
        flushed = ""

        def flush(self):
            self.flushed = self.getvalue()

    line = live(10)
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    line.show(1, [2.0])
    assert terminal.flushed.startswith("\rstep    1 /   10 ")


@pytest.mark.parametrize(("is_live", "printed"), [(True, "\n"), (False, "")])
def test_after_the_last_step_the_live_line_ends(is_live, printed, live, capsys):
    line = live(10)
    line.live = is_live
    line.close()
    assert capsys.readouterr().out == printed


def test_the_summary_is_of_the_last_hundred_steps(capsys):
    print_summary([9.0] + [1.0] * 99 + [2.0], ["anna", "bob", "bo"], ["anna"] * 101 + ["bob"])
    assert capsys.readouterr().out == (
        "\nmean loss of the last 100 steps: 1.0100 (perplexity 2.75)\n"
        "samples in the dataset: 2 of 3\nsamples among the 101 documents trained on: 1\n"
    )
    print_summary([], [], ["anna"])
    assert capsys.readouterr().out == "\n"


@pytest.mark.parametrize("columns", ["9" * 30, "9" * 4000, "202"])
def test_a_terminal_that_claims_to_be_endless(columns, live, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    live(10).show(1, [1.0])
    printed = capsys.readouterr().out
    assert printed.startswith("\rstep    1 /   10 [#---------] loss 1.0000") and len(printed) == 201


@pytest.fixture
def interrupt():
    """Have Ctrl-C raise KeyboardInterrupt, also where this process was told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_waits_and_the_second_does_not(interrupt):
    waited = False
    with pytest.raises(KeyboardInterrupt), finish_the_step() as asked:
        assert not asked
        signal.raise_signal(signal.SIGINT)
        waited = asked == [True]
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second Ctrl-C was not heard")
    assert waited


def test_afterwards_ctrl_c_is_what_it_was(interrupt):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(True))
    with finish_the_step() as asked:
        pass
    signal.raise_signal(signal.SIGINT)
    assert (asked, heard) == ([], [True])


def test_who_was_told_to_ignore_ctrl_c_goes_on_ignoring_it(interrupt):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with finish_the_step() as asked:
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        signal.raise_signal(signal.SIGINT)
    assert asked == [] and signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_in_a_thread_there_is_no_ctrl_c_to_hear():
    found = []

    def work():
        with finish_the_step() as asked:
            found.append(asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [[]]
