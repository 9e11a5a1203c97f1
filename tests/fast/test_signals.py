"""What surrounds a run of the command line: no standard output, Ctrl-C, a request to end."""

import os
import signal
import sys
import threading

import pytest

from microgpt.__main__ import main


def test_without_standard_output(monkeypatch):
    """As below pythonw, or in a shell after >&-: what is printed goes nowhere, and nothing is amiss."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["--steps", "0", "--samples", "1"]) == 0
    with sys.stdout:
        assert sys.stdout.name == os.devnull


def test_ctrl_c_outside_of_the_training_is_told_in_a_word(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("microgpt.__main__.run", interrupted)
    assert main([]) == 130
    assert capsys.readouterr() == ("", "stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to speak of")
def test_a_request_to_end_is_heard_unless_somebody_else_listens(capsys):
    quick, before = ["--steps", "0", "--samples", "0"], signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        statuses = []
        thread = threading.Thread(target=lambda: statuses.append(main(quick)))  # only the main thread may set handlers
        thread.start()
        thread.join()
        assert statuses == [0] and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert main(quick) == 0
        with pytest.raises(SystemExit) as end:
            signal.raise_signal(signal.SIGTERM)
        assert end.value.code == 143
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert main(quick) == 0 and signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
