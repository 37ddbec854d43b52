"""Walls: what a program that is not trusted can see, write and reach, each probe shown to work without them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import support

from reprobundle import process, sandbox
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.sandbox import Sandbox, running, walls

PREFIX = (Path(sys.base_prefix).resolve(), Path(sys.prefix), Path(sys.executable).resolve().parents[1])


@pytest.fixture
def bwrap() -> Sandbox:
    """Bubblewrap, where it works."""
    support.require("bwrap")
    return Sandbox("bwrap")


@pytest.fixture(params=["bwrap", "none"])
def either(request) -> Sandbox:
    """Each kind in turn."""
    if request.param == "bwrap":
        support.require("bwrap")
    return Sandbox(request.param)


@pytest.fixture
def out(tmp_path) -> Path:
    """A folder that may be written."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def python(walls: Sandbox, code: str, out: Path, *, reads=(), env=None, timeout=60.0, **options) -> process.Finished:
    """Run a few lines of Python behind walls."""
    argv = [sys.executable, "-I", "-B", "-c", code]
    return walls.run(argv, reads=[*PREFIX, *reads], writes=[out], env=env or {}, timeout=timeout, **options)


def says(walls: Sandbox, code: str, out: Path, **options) -> str:
    """What a few lines of Python print, or the last line of their error."""
    finished = python(walls, code, out, **options)
    return finished.text.strip().splitlines()[-1] if finished.text.strip() else ""


def test_output_and_status_come_back(either, out):
    """Behind either kind a program's output and status are the same."""
    finished = python(either, "import sys; print('hello'); sys.exit(4)", out)

    assert (finished.stdout, finished.code) == (b"hello\n", 4)


def test_listed_folder_can_be_written(either, out):
    """What is written into a listed folder is there afterwards."""
    python(either, f"open({str(out / 'made')!r}, 'w').write('x')", out)

    assert (out / "made").read_text() == "x"


def test_listed_file_can_be_read(either, out, tmp_path):
    """A single file is readable at its own path."""
    (tmp_path / "input").write_text("given")

    assert says(either, f"print(open({str(tmp_path / 'input')!r}).read())", out, reads=[tmp_path / "input"]) == "given"


def test_it_starts_in_the_writable_folder(either, out, tmp_path):
    """The first writable folder is where it starts; another can be named."""
    (tmp_path / "other").mkdir()

    assert says(either, "import os; print(os.getcwd())", out) == str(out)
    assert says(
        either, "import os; print(os.getcwd())", out, reads=[tmp_path / "other"], cwd=tmp_path / "other"
    ) == str(tmp_path / "other")


def test_environment_is_built_from_nothing(either, out, monkeypatch):
    """Nothing of this process's environment passes; what is given does."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LD_PRELOAD", "")
    code = "import os; print(sorted(name for name in os.environ if name not in ('LC_CTYPE', 'PWD')))"
    names = sorted([*sandbox.BASE_ENVIRONMENT, "OMP_NUM_THREADS"])

    assert says(either, code, out, env={"OMP_NUM_THREADS": "2"}) == str(names)


def test_given_variables_win(either, out):
    """A given variable replaces the minimal one, and its value arrives as it is."""
    value = "a b=c;$(id)\\n"

    assert says(either, "import os; print(os.environ['TMPDIR'])", out, env={"TMPDIR": value}) == value


def test_secrets_stand_on_no_command_line(either, out):
    """A credential reaches the program by its environment, while other users can list every command line."""
    code = "import os; print(os.environ['TOKEN'], [word for word in open('/proc/1/cmdline').read().split(chr(0)) if 'hu' + 'sh' in word])"

    assert says(either, code, out, secrets={"TOKEN": "hush"}) == "hush []"


def test_time_limit(either, out):
    """At the limit it is killed."""
    with pytest.raises(ProcessError) as caught:
        python(either, "import time; time.sleep(60)", out, timeout=1.5)

    assert str(caught.value).endswith(": ran out of time after 1.5 s")


@pytest.mark.slow
def test_time_limit_ends_daemons_too(bwrap, out):
    """Behind walls even a daemon in a session of its own ends with the limit."""
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    while True:\n"
        f"        open({str(out / 'alive')!r}, 'w').write(str(time.time()))\n"
        "        time.sleep(0.05)\n"
        "time.sleep(60)"
    )
    with pytest.raises(ProcessError):
        python(bwrap, code, out, timeout=2)
    assert (out / "alive").exists()
    time.sleep(0.3)
    last = (out / "alive").read_text()
    time.sleep(0.5)

    assert (out / "alive").read_text() == last


def test_daemon_ends_with_its_parent(bwrap, out):
    """A daemon left behind ends when the program ends."""
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    for stream in (0, 1, 2):\n"
        "        os.close(stream)\n"
        "    while True:\n"
        f"        open({str(out / 'alive')!r}, 'w').write(str(time.time()))\n"
        "        time.sleep(0.05)\n"
        "time.sleep(0.5)"
    )
    assert python(bwrap, code, out).code == 0
    last = (out / "alive").read_text()
    time.sleep(0.5)

    assert (out / "alive").read_text() == last


CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5); print('connected')"
SEND = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', {port}))"


def test_no_network(bwrap, out):
    """A listener on this machine's own loopback is out of reach inside, and in reach outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = CONNECT.format(port=server.getsockname()[1])

        assert says(Sandbox("none"), code, out) == "connected"
        assert says(bwrap, code, out) == "ConnectionRefusedError: [Errno 111] Connection refused"
        assert says(bwrap, code, out, network=True) == "connected"


def test_no_datagram_gets_out(bwrap, out):
    """A datagram from inside does not arrive, one from outside does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.5)
        code = SEND.format(port=server.getsockname()[1])
        python(Sandbox("none"), code, out)
        assert server.recv(10) == b"x"
        python(bwrap, code, out)
        with pytest.raises(TimeoutError):
            server.recv(10)


def test_no_abstract_socket(bwrap, out):
    """A socket without a file cannot be reached either."""
    name = f"\0reprobundle-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        code = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({name!r}); print('connected')"

        assert says(Sandbox("none"), code, out) == "connected"
        assert says(bwrap, code, out) == "ConnectionRefusedError: [Errno 111] Connection refused"


def test_no_interface_but_its_own_loopback(bwrap, out):
    """Inside there is one network interface, the loopback."""
    code = "import socket; print([name for _, name in socket.if_nameindex()])"

    assert says(bwrap, code, out) == "['lo']"


def test_what_is_not_listed_is_invisible(bwrap, out, tmp_path):
    """A file beside a listed one is not there, and a folder shows only what is listed."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "input").write_text("given")
    code = f"import os; print(sorted(os.listdir({str(tmp_path)!r})), os.path.exists({str(tmp_path / 'secret')!r}))"

    assert says(Sandbox("none"), code, out) == "['input', 'out', 'secret'] True"
    assert says(bwrap, code, out, reads=[tmp_path / "input"]) == "['input', 'out'] False"


def test_no_home(bwrap, out):
    """There is no home, and HOME leads nowhere."""
    code = 'echo "$HOME"; ls -d "$HOME" "$0" /root /home'
    finished = bwrap.run(["/bin/sh", "-c", code, Path.home()], reads=(), writes=[out], env={}, timeout=30)

    assert finished.code != 0
    assert finished.stdout == b"/nonexistent\n"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/var", "/sys", "/run"]
)
def test_machine_s_own_files_are_invisible(bwrap, out, path):
    """Files that tell about the machine and its people are not there."""
    assert says(bwrap, f"import os; print(os.path.exists({path!r}))", out) == "False"


def test_system_libraries_are_readable(bwrap, out):
    """What every program links against is there."""
    assert says(bwrap, "import ssl, sqlite3, ctypes; print('loaded')", out) == "loaded"


WRITES = {
    "create": "open({folder!r} + '/new', 'w')",
    "overwrite": "open({folder!r} + '/file', 'w')",
    "append": "open({folder!r} + '/file', 'a')",
    "remove": "import os; os.unlink({folder!r} + '/file')",
    "rename": "import os; os.rename({folder!r} + '/file', {folder!r} + '/other')",
    "change the mode": "import os; os.chmod({folder!r} + '/file', 0o777)",
    "change the time": "import os; os.utime({folder!r} + '/file', (0, 0))",
    "link": "import os; os.symlink('x', {folder!r} + '/link')",
    "mount it anew": "import ctypes; r = ctypes.CDLL(None).mount(b'none', {folder!r}.encode(), None, 32 | 4096, None); "
    "open({folder!r} + '/file', 'w')",
}


@pytest.mark.parametrize("code", WRITES.values(), ids=WRITES)
def test_read_only_is_read_only(bwrap, out, tmp_path, code):
    """Nothing changes what may only be read, for the machine's administrator neither."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "file").write_text("given")
    before = (folder / "file").stat()
    finished = python(bwrap, code.format(folder=str(folder)), out, reads=[folder])

    assert finished.code == 1
    assert "Read-only file system" in finished.text
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert (folder / "file").read_text() == "given"
    assert ((folder / "file").stat().st_mode, (folder / "file").stat().st_mtime) == (before.st_mode, before.st_mtime)


def test_probes_of_writing_work_without_walls(tmp_path, out):
    """Each of those writes succeeds where there are no walls, else it would prove nothing."""
    for number, (name, code) in enumerate(WRITES.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_text("given")

        assert python(Sandbox("none"), code.format(folder=str(folder)), out).code == 0, name


@pytest.mark.parametrize("place", ["/new", "/usr/new", "/etc/new", "/srv/new"])
def test_system_cannot_be_written(bwrap, out, place):
    """No folder of the system can be written."""
    finished = python(
        bwrap, f"import os; os.makedirs(os.path.dirname({place!r}), exist_ok=True); open({place!r}, 'w')", out
    )

    assert finished.code == 1
    assert not Path(place).exists()


def test_file_within_a_writable_folder_keeps_its_own_right(bwrap, out):
    """What may only be read stays so inside a folder that may be written, and the other way round."""
    (out / "fixed").write_text("given")
    (out / "part").mkdir()
    (out / "part" / "own").mkdir()
    argv = [sys.executable, "-I", "-c"]
    reads, writes = [*PREFIX, out / "fixed", out / "part"], [out, out / "part" / "own"]

    def attempt(path: Path) -> int:
        code = f"open({str(path)!r}, 'w').write('changed')"
        return bwrap.run([*argv, code], reads=reads, writes=writes, env={}, timeout=30).code

    assert attempt(out / "free") == 0
    assert attempt(out / "fixed") == 1
    assert attempt(out / "part" / "file") == 1
    assert attempt(out / "part" / "own" / "file") == 0
    assert (out / "fixed").read_text() == "given"


def test_temporary_folder_is_its_own(bwrap, out):
    """What is written to the temporary folder inside never reaches this machine's."""
    name = f"reprobundle-{os.getpid()}"

    assert says(bwrap, f"open('/tmp/{name}', 'w').write('x'); print('written')", out) == "written"
    assert not Path("/tmp", name).exists()


def test_shared_memory_is_bounded(bwrap, out):
    """Shared memory holds what it is said to hold, and the folder of devices takes no files at all."""
    code = "import os; s = os.statvfs('/dev/shm'); print(s.f_blocks * s.f_frsize); open('/dev/shm/x', 'w').write('x')"
    beside = "try:\n    open('/dev/x', 'w')\nexcept OSError as error:\n    print(error.strerror)"

    assert says(bwrap, code, out) == str(sandbox.usual().shared)
    assert says(bwrap, beside, out) == "Read-only file system"
    assert says(bwrap, "open('/dev/null', 'w').write('x'); print(len(open('/dev/urandom', 'rb').read(4)))", out) == "4"


KILLED = """
import sys
from pathlib import Path
from reprobundle.sandbox import Sandbox
code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
where = Path(sys.argv[1])
Sandbox("none").run([sys.executable, "-c", code, where], reads=(), writes=[where.parent], env={}, timeout=60)
"""


def test_nothing_outlives_a_killed_program(out):
    """Without walls, too, a program ends with the one that started it, even when that is killed outright."""
    if not running._bound_to_this_process([sys.executable]):
        pytest.skip("there is no setpriv that knows how")
    with subprocess.Popen([sys.executable, "-c", KILLED, str(out / "pid")]) as starter:
        started = _comes_true(lambda: (out / "pid").exists() and (out / "pid").read_text())
        child = int((out / "pid").read_text())
        starter.kill()

    assert started
    assert _comes_true(lambda: _has_ended(child))


def _comes_true(condition) -> bool:
    """Whether it does within 30 s."""
    end = time.monotonic() + 30
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(met)


def _has_ended(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_missing_program_is_named_itself(out):
    """A program that is not there is reported by its own name, whatever starts it."""
    with pytest.raises(UnavailableError) as caught:
        Sandbox("none").run([out / "nothing"], reads=(), writes=[out], env={}, timeout=5)

    assert str(caught.value) == f"{out / 'nothing'}: cannot be started: No such file or directory"


def test_other_processes_are_invisible(bwrap, out):
    """Inside there are only the program's own processes, and no way to this one's environment."""
    code = "import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[-1] < 10)"

    assert says(bwrap, code, out) == "True"
    assert says(Sandbox("none"), f"import os; print(os.path.exists('/proc/{os.getpid()}/environ'))", out) == "True"
    assert says(bwrap, f"import os; print(os.path.exists('/proc/{os.getpid()}/cmdline'))", out) == "False"


def test_no_capability_and_no_new_namespace(bwrap, out):
    """The program holds no capability and cannot make a user namespace to get one."""
    code = (
        "import ctypes, os\n"
        "held = [line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm'))]\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(held, libc.unshare(0x10000000))"
    )

    assert says(bwrap, code, out) == f"{['0' * 16] * 2} -1"


def test_host_name_is_not_told(bwrap, out):
    """The machine's name is not told."""
    assert says(bwrap, "import socket; print(socket.gethostname())", out) == "sandbox"


def test_no_terminal(bwrap, out):
    """There is no controlling terminal to type into."""
    finished = python(bwrap, "open('/dev/tty')", out)

    assert finished.code == 1


def test_missing_file_to_read_is_the_program_s_failure(bwrap, out, tmp_path):
    """A listed file that is not there ends in a status and bubblewrap's words, not in a run without it."""
    finished = python(bwrap, "print('ran')", out, reads=[tmp_path / "nothing"])

    assert finished.code != 0
    assert b"ran" not in finished.stdout
    assert str(tmp_path / "nothing") in finished.text


def test_path_with_blanks_and_signs(either, out, tmp_path):
    """Any path can be listed."""
    folder = tmp_path / "a b;'\"$x --bind"
    folder.mkdir()
    (folder / "file").write_text("given")

    assert says(either, f"print(open({str(folder / 'file')!r}).read())", out, reads=[folder]) == "given"


@pytest.mark.slow
def test_require_fails_where_the_program_must_work():
    """A check that needs a program is skipped without it, and fails where the environment says it must be there."""
    code = "import pytest, support\ndef test_it():\n    support.require('no-such-program')\n"
    folder = Path(support.__file__).parent
    outcomes = []
    for required in ("", "bwrap,no-such-program"):
        env = {**os.environ, "REPROBUNDLE_REQUIRE": required, "PYTHONPATH": str(folder)}
        argv = [sys.executable, "-c", "import sys, pytest; exec(sys.argv[1]); test_it()", code]
        finished = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        outcomes.append(finished.stderr.strip().splitlines()[-1])

    assert outcomes == [
        "Skipped: no-such-program does not work here: it is not installed",
        "Failed: no-such-program is required here: it is not installed",
    ]


def test_bwrap_gone_meanwhile(out, monkeypatch):
    """When bubblewrap goes away after it was chosen, nothing runs."""
    monkeypatch.setattr(walls, "PROGRAM_FOLDERS", str(out))
    with pytest.raises(UnavailableError) as caught:
        python(Sandbox("bwrap"), "print('ran')", out)

    assert str(caught.value) == "bubblewrap is not installed"


def test_a_home_is_never_shown(bwrap, out, tmp_path, monkeypatch):
    """Neither a home nor what holds one can be read or written, by whatever name it is called."""
    home = tmp_path / "people" / "ada"
    (home / "work").mkdir(parents=True)
    (tmp_path / "link").symlink_to(home)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, home.parent, tmp_path, tmp_path / "link", Path("/"), Path("/tmp")):
        with pytest.raises(UnavailableError) as caught:
            bwrap.run(["/usr/bin/true"], reads=[folder], writes=[], env={}, timeout=20)
        assert (
            str(caught.value)
            == f"{str(folder)!r} is a home folder, or holds one, and is never shown to code of a bundle"
        )

    assert bwrap.run(["/usr/bin/true"], reads=[home / "work", Path("/usr")], writes=[], env={}, timeout=20).code == 0


def test_devices_are_shown_only_when_asked_for(bwrap, out, monkeypatch):
    """A device of the machine is there when it is asked for, and not otherwise."""
    device = next(
        (
            path
            for path in ("/dev/fuse", "/dev/kvm", "/dev/loop-control", "/dev/net/tun", "/dev/hwrng")
            if os.access(path, os.R_OK)
        ),
        None,
    )
    if device is None:
        pytest.skip("this user can read no device beside the usual ones")
    monkeypatch.setattr(walls, "DEVICES", (device,))
    code = f"import os; print(os.path.exists({device!r})); os.close(os.open({device!r}, os.O_RDONLY | os.O_NONBLOCK))"

    assert python(bwrap, code, out, devices=True).stdout == b"True\n"
    assert python(bwrap, code, out, devices=True).code == 0
    assert python(bwrap, code, out).stdout == b"False\n"
    assert (
        python(bwrap, "import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])", out, devices=True).stdout
        == b"-1\n"
    )
