"""Starting programs: output, limits, time, failures in one line."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from reprobundle import process
from reprobundle.errors import ProcessError, UnavailableError


def python(code: str, *arguments: str, timeout: float = 30, **options: object) -> process.Finished:
    """Run a few lines of Python."""
    return process.run([sys.executable, "-c", code, *arguments], timeout=timeout, **options)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def dies(pid: int) -> bool:
    """Whether a process is gone within five seconds."""
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_both_streams_and_status_are_kept():
    """What a program printed and its status are given, each stream apart."""
    finished = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")

    assert (finished.code, finished.stdout, finished.stderr) == (3, b"out\n", b"err\n")
    assert finished.text == "out\nerr\n"
    assert finished.argv[0] == sys.executable


def test_arguments_are_not_split():
    """No shell is involved: an argument arrives as it is."""
    argument = "a b; echo $HOME `id` * 'x'"

    assert python("import sys; print(sys.argv[1], end='')", argument).stdout.decode() == argument


def test_input_is_empty():
    """A program that asks a question gets no answer instead of waiting for one."""
    assert python("import sys; print(repr(sys.stdin.read()))").stdout == b"''\n"


def test_environment_is_what_was_given(monkeypatch):
    """A given environment is the whole one; none passes this process's own on."""
    monkeypatch.setenv("REPROBUNDLE_TEST", "mine")
    code = "import os; print(os.environ.get('REPROBUNDLE_TEST'), os.environ.get('OTHER'))"

    assert python(code, env={"OTHER": "x"}).stdout == b"None x\n"
    assert python(code).stdout == b"mine None\n"


def test_folder_is_what_was_given(tmp_path):
    """A program starts in the folder that was named, and this process stays where it is."""
    here = os.getcwd()

    assert python("import os; print(os.getcwd())", cwd=tmp_path).stdout.decode().strip() == str(tmp_path.resolve())
    assert os.getcwd() == here


def test_endless_output_is_cut():
    """Half a mebibyte from the beginning of each stream is kept and half from its end, and the program comes to its end."""
    code = "import sys\nfor s in (sys.stdout, sys.stderr):\n    s.write('a' + 'x' * 5_000_000 + 'z'); s.flush()"
    finished = python(code)
    half = process.KEPT_OUTPUT_BYTES // 2
    left_out = f"\n[{5_000_002 - 2 * half:,} bytes left out here]\n".encode()

    assert finished.code == 0
    assert finished.stdout == finished.stderr == b"a" + b"x" * (half - 1) + left_out + b"x" * (half - 1) + b"z"


@pytest.mark.parametrize("more", [-1, 0, 1, 600_000])
def test_no_byte_is_lost_at_the_limit(more):
    """What fits is kept whole, what does not is cut in the middle, wherever the pieces that came were cut."""
    size = process.KEPT_OUTPUT_BYTES + more
    kept = python(f"import sys; sys.stdout.write(('0123456789' * {size // 10 + 1})[:{size}])").stdout
    whole = (b"0123456789" * (size // 10 + 1))[:size]
    half = process.KEPT_OUTPUT_BYTES // 2

    assert kept[:half] == whole[:half]
    assert kept[-half:] == whole[-half:]
    assert (kept == whole) is (more <= 0)


def test_chatty_error_stream_does_not_block():
    """A program that fills one stream while the other is empty comes to its end."""
    finished = python("import sys; sys.stderr.write('e' * 500_000); print('done')", timeout=20)

    assert finished.stdout == b"done\n"
    assert len(finished.stderr) == 500_000


def test_bytes_that_are_no_text_are_replaced():
    """Output in another encoding is shown, not a crash."""
    assert python(r"import sys; sys.stdout.buffer.write(b'a\xffb')").text == "a\ufffdb"


def test_time_limit_ends_the_children_too(tmp_path):
    """At the limit the whole process group ends, and what was printed so far is kept."""
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    start = time.monotonic()
    with pytest.raises(ProcessError) as caught:
        python(code, timeout=1)

    assert time.monotonic() - start < 15
    assert str(caught.value) == f"{sys.executable}: ran out of time after 1 s"
    assert caught.value.exit_code == 3
    assert dies(int(caught.value.output))


def test_fraction_of_a_second_is_shown():
    """A limit under a second is not called 0."""
    with pytest.raises(ProcessError) as caught:
        python("import time; time.sleep(60)", timeout=0.25)

    assert str(caught.value) == f"{sys.executable}: ran out of time after 0.25 s"


def test_interruption_ends_the_program(tmp_path, monkeypatch):
    """When this process is interrupted while it waits, the program does not live on."""
    pids: list[int] = []
    real = process.subprocess.Popen.wait

    def interrupted(self, timeout=None):
        if not pids:
            pids.append(self.pid)
            raise KeyboardInterrupt
        return real(self, timeout)

    monkeypatch.setattr(process.subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        python("import time; time.sleep(60)")

    assert dies(pids[0])


def test_missing_program_is_unavailable(tmp_path):
    """A program that is not there is named, with the system's reason."""
    with pytest.raises(UnavailableError) as caught:
        process.run([tmp_path / "nothing"], timeout=5)

    assert str(caught.value) == f"{tmp_path / 'nothing'}: cannot be started: No such file or directory"


def test_program_without_permission_is_unavailable(tmp_path):
    """A file that may not be executed is named, with the system's reason."""
    (tmp_path / "text").write_text("no program")
    with pytest.raises(UnavailableError) as caught:
        process.run([tmp_path / "text"], timeout=5)

    assert str(caught.value) == f"{tmp_path / 'text'}: cannot be started: Permission denied"


def test_required_gives_the_finished_process():
    """A program that succeeded is given back."""
    finished = python("print('fine')")

    assert finished.required("it") is finished


def test_required_shows_the_last_line():
    """A failure is one line: what, the status, the last words; the whole output stands beside it."""
    finished = python("import sys; print('first'); print('  the reason  '); print(); sys.exit(7)")
    with pytest.raises(ProcessError) as caught:
        finished.required("pip download", hint="look at it")

    assert str(caught.value) == "pip download: exit status 7: the reason"
    assert caught.value.output == finished.text
    assert caught.value.hint == "look at it"


def test_required_without_output():
    """A failure without a word says so."""
    with pytest.raises(ProcessError) as caught:
        python("import os; os._exit(9)").required("it")

    assert str(caught.value) == "it: exit status 9: it printed nothing"


def test_signal_is_a_negative_status():
    """A program that a signal ended has the signal's number, negative."""
    finished = python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")

    assert finished.code == -signal.SIGTERM


def test_long_last_line_is_cut():
    """The message holds at most 300 characters of the program's last line."""
    with pytest.raises(ProcessError) as caught:
        python("import sys; print('x' * 10_000); sys.exit(1)").required("it")

    assert str(caught.value) == "it: exit status 1: " + "x" * 300


@pytest.mark.slow
def test_background_child_does_not_hold_up_for_ever():
    """A child that keeps the output open delays the end by seconds, not until it ends."""
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)"
    )
    start = time.monotonic()
    finished = python(code)
    os.kill(int(finished.stdout), signal.SIGKILL)

    assert finished.code == 0
    assert time.monotonic() - start < 20


def test_a_long_process_can_be_watched(monkeypatch):
    """Whoever waits is called about once a second, and not at all for what ends at once."""
    monkeypatch.setattr(process, "WATCH_SECONDS", 0.05)
    seen = []
    python("import time; time.sleep(0.5)", watch=lambda: seen.append("long"))
    monkeypatch.setattr(process, "WATCH_SECONDS", 20)
    python("pass", watch=lambda: seen.append("short"))

    assert 2 <= seen.count("long") <= 30
    assert "short" not in seen


def test_a_watched_process_runs_out_of_time_too(monkeypatch):
    """The limit holds whether somebody watches or not."""
    monkeypatch.setattr(process, "WATCH_SECONDS", 0.05)

    with pytest.raises(ProcessError, match="ran out of time after 0.3 s"):
        python("import time; time.sleep(30)", timeout=0.3, watch=list)


def test_several_run_side_by_side():
    """The time of all is that of the longest, and each keeps its own output."""
    commands = [[sys.executable, "-c", f"import time; time.sleep(1); print({number})"] for number in range(4)]
    started = time.monotonic()
    every = process.run_together(commands, timeout=30)

    assert [finished.stdout for finished in every] == [b"0\n", b"1\n", b"2\n", b"3\n"]
    assert time.monotonic() - started < 3.5


def test_when_one_cannot_be_started_the_others_end(tmp_path):
    """Nothing is left running by a call that failed."""
    note = tmp_path / "pid"
    waits = [sys.executable, "-c", f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"]
    with pytest.raises(UnavailableError, match="cannot be started"):
        process.run_together([waits, ["/no/such/program"]], timeout=30)

    assert not note.exists() or dies(int(note.read_text()))


def test_the_time_is_for_all_of_them(tmp_path):
    """One that runs too long ends the others too, whatever they printed is kept."""
    commands = [[sys.executable, "-c", "print('first')"], [sys.executable, "-c", "import time; time.sleep(60)"]]
    with pytest.raises(ProcessError, match="ran out of time after 1 s") as caught:
        process.run_together(commands, timeout=1)

    assert caught.value.output == "first\n"


def test_a_program_answers_while_the_block_runs():
    """A program of our own gets what it is asked, and ends with the block, also in the middle of an answer."""
    code = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line[::-1]); sys.stdout.buffer.flush()"
    with process.answering([sys.executable, "-c", code]) as (questions, answers):
        questions.write(b"abc\n")
        questions.flush()
        answer = answers.read(4)

    assert answer == b"\ncba"
    assert (questions.closed, answers.closed) == (True, True)


def test_a_program_that_is_not_there_answers_nothing(tmp_path):
    """One that cannot be started is told of."""
    with pytest.raises(UnavailableError) as caught, process.answering([str(tmp_path / "none")]):
        pass

    assert str(caught.value) == f"{tmp_path / 'none'}: cannot be started: No such file or directory"


def test_a_guard_ends_a_program():
    """A guard is called with the program's number; what it raises ends the program and is told with what was printed."""
    seen = []

    def guard(number):
        seen.append(number)
        if len(seen) == 3:
            raise ProcessError("it was stopped: too much", hint="less")

    with pytest.raises(ProcessError) as caught:
        python("import time; print('begun', flush=True); time.sleep(60)", guard=guard)

    assert (str(caught.value), caught.value.hint, caught.value.output) == (
        "it was stopped: too much",
        "less",
        "begun\n",
    )
    assert len(set(seen)) == 1
    assert dies(seen[0])


def test_a_file_is_inherited(tmp_path):
    """A file that is named is open in the program under the same number, and no other is."""
    with open(tmp_path / "file", "w+") as file:
        code = f"import os; os.write({file.fileno()}, b'x')"

        assert python(code).code == 1
        assert python(code, files=[file.fileno()]).code == 0
