"""What hostile code tries, one table: each probe says ``done`` when it got through, and must, where there are no walls.

There it runs as root on a real machine. So it opens what it could change and changes nothing, mounts and unmounts nothing but
in its own folder, and ends nothing that was not started for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SECRET = "a-secret-of-the-reviewer"
MIB = 2**20


@dataclass(frozen=True)
class Probe:
    """One attempt.

    Attributes:
        name: What is tried, in words.
        code: Python that prints ``done`` when it worked; names in braces are filled in by ``probing.Machine.words``.
        argument: The words of bubblewrap or prlimit that are in its way; `test_probes` takes them away and sees it get through.
        seen: What of the machine tells that it worked, where its own word does not: a method of ``probing.Machine``.
        limits: The limits it runs under, unlike the usual.
        seconds: Time limit, where that is what stops it.
        terminal: Whether it is started from a terminal.
        root: Whether only root can do it without walls; None: anybody can.
    """

    name: str
    code: str
    argument: str = ""
    seen: str = ""
    limits: dict[str, int] = field(default_factory=dict)
    seconds: float = 30.0
    terminal: bool = False
    root: bool = False


def _prints(expression: str) -> str:
    return f"print('done' if {expression} else 'nothing')"


LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
IO_URING = """
import ctypes, mmap, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
params = ctypes.create_string_buffer(120)
ring = libc.syscall(425, 4, params)
if ring < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
words = struct.unpack("30I", params.raw)
sq, cq = words[10:20], words[20:30]
size = max(sq[6] + words[0] * 4, cq[5] + words[1] * 16)
rings = mmap.mmap(ring, size, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
entries = mmap.mmap(ring, words[0] * 64, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0x10000000)
plain = socket.socket()
address = ctypes.create_string_buffer(struct.pack("=H", 2) + struct.pack("!H", {tcp}) + socket.inet_aton("127.0.0.1") + bytes(8), 16)
entries[0:64] = struct.pack("=BBHiQQIIQ24x", 16, 0, 0, plain.fileno(), 16, ctypes.addressof(address), 0, 0, 7)
rings[sq[6]:sq[6] + 4] = struct.pack("I", 0)
rings[sq[1]:sq[1] + 4] = struct.pack("I", 1)
libc.syscall(426, ring, 1, 1, 1, None, 0)
_, result, _ = struct.unpack("=QiI", rings[cq[5]:cq[5] + 16])
print('done' if result == 0 else os.strerror(-result))
"""
KEY = """
import platform
number = {"x86_64": 250, "aarch64": 219}[platform.machine()]
held = ctypes.create_string_buffer(99)
libc.syscall(number, 11, libc.syscall(number, 10, -3, b"user", b"probe", 0), held, 99)
print('done' if held.value.decode() == {secret!r} else 'nothing')
""".replace('{"x', '{{"x').replace("219}", "219}}")
READ_MEMORY = """
import struct
with open('/proc/' + {victim!r} + '/maps') as file: there = int(file.readline().split('-')[0], 16)
held = ctypes.create_string_buffer(4)
ours, theirs = (ctypes.create_string_buffer(struct.pack('QQ', at, 4)) for at in (ctypes.addressof(held), there))
libc.process_vm_readv(int({victim!r}), ours, 1, theirs, 1, 0)
print('done' if held.raw == b'\\x7fELF' else 'nothing')
"""
BY_HANDLE = """
import platform
name_to, open_by = {{'x86_64': (303, 304), 'aarch64': (264, 265)}}[platform.machine()]
handle, mount = ctypes.create_string_buffer(bytes([128, 0, 0, 0]), 200), ctypes.c_int()
libc.syscall(name_to, -100, {given!r}.encode(), handle, ctypes.byref(mount), 0)
print('done' if libc.syscall(open_by, os.open({out!r}, 0), handle, 0) >= 0 else 'nothing')
"""
BPF = """
import platform, struct
asked = ctypes.create_string_buffer(struct.pack('4I', 2, 4, 4, 1), 128)  # an array of one number
print('done' if libc.syscall({{'x86_64': 321, 'aarch64': 280}}[platform.machine()], 0, asked, 72) >= 0 else 'nothing')
"""
PERF = """
import platform, struct
asked = ctypes.create_string_buffer(struct.pack('II', 1, 128), 128)  # the time that this process computes
number = {{'x86_64': 298, 'aarch64': 241}}[platform.machine()]
print('done' if libc.syscall(number, asked, 0, -1, -1, 0) >= 0 else 'nothing')
"""
FAMILIES = """
import socket
for family in {{*range(3, 46)}} - {{10, 16}}:
    for kind in (1, 2, 3, 5):
        try: socket.socket(family, kind).close()
        except OSError: continue
        print('done')
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for stream in (0, 1, 2): os.close(stream)
        for _ in range(200):
            open({out!r} + '/alive', 'w').write(str(time.time()))
            time.sleep(0.05)
    os._exit(0)
os.wait()
time.sleep(0.3)
"""
FORKS = """
import os, time
for number in range(150):
    if os.fork() == 0:
        time.sleep(8)
        os._exit(0)
time.sleep(2)
print('done')
"""
FORKED_MEMORY = """
import os, time
ready, told = os.pipe()
children = []
for number in range(6):
    children.append(os.fork())
    if children[-1] == 0:
        held = bytearray(os.urandom(2**20)) * 100
        os.write(told, b'x')
        time.sleep(20)
        os._exit(0)
came = 0
while came < 6:
    came += len(os.read(ready, 6))
time.sleep(2)
print('done')
for child in children: os.kill(child, 9)
"""

PROBES = (
    # files
    Probe("write a file beside its own folder", "open({beside!r} + '/new', 'w').write('x'); print('done')"),
    Probe("change a file it may read", "open({given!r}, 'a').write('x'); print('done')", argument="--ro-bind"),
    Probe("change the mode of a file it may read", "import os; os.chmod({given!r}, 0o777); print('done')", argument="--ro-bind"),
    Probe("link a file it may read into its results", "import os; os.link({given!r}, {out!r} + '/link'); print('done')"),
    Probe("read a private key in the home", _prints("open({home!r} + '/.ssh/id_ed25519').read() == {secret!r}")),
    Probe("read a token in the home", _prints("open({home!r} + '/.cache/huggingface/token').read() == {secret!r}")),
    Probe("read the list of people", _prints("'root' in open('/etc/passwd').read()")),
    Probe("read what the kernel tells of hardware", "import os; " + _prints("os.listdir('/sys/devices')")),
    Probe("put a file where the system looks", "open('/' + {new!r}, 'w').write('x'); print('done')", argument="--remount-ro /", root=True),
    Probe("leave a file in the machine's temporary folder", "open('/tmp/' + {new!r}, 'w').write('x')", argument="--tmpfs /tmp", seen="left_in_temporary"),
    Probe("leave a file in the machine's shared memory", "open('/dev/shm/' + {new!r}, 'w').write('x')", seen="left_in_shared_memory"),
    Probe("use a device of the machine", "import os; " + _prints("os.path.exists({device!r})"), argument="--dev"),
    Probe("put a file among the devices", "open('/dev/' + {new!r}, 'w').write('x'); print('done')", argument="--remount-ro /dev", root=True),
    Probe("make a device", "import os, stat; os.mknod({out!r} + '/disk', 0o600 | stat.S_IFBLK, os.makedev(7, 0)); print('done')", root=True),
    # processes
    Probe("read another process's environment", "import os\nprint('done' if any({secret!r} in open(f'/proc/{{n}}/environ').read() for n in os.listdir('/proc') if n == {victim!r}) else 'nothing')"),
    Probe("read the environment it was started from", "import os; " + _prints("{secret!r} in os.environ.values()")),
    Probe("see another process", "import os; " + _prints("os.path.exists('/proc/' + {victim!r})"), argument="--proc"),
    Probe("see the machine through another process's root", "import os; " + _prints("os.listdir('/proc/' + {victim!r} + '/root' + {home!r})")),
    Probe("kill another process", "import os; os.kill({spare}, 9); print('done')", argument="pid"),
    Probe("change the memory of another process", "open('/proc/' + {victim!r} + '/mem', 'r+b'); print('done')"),
    Probe("stop another process", LIBC + _prints("libc.ptrace(16, int({spare!r}), None, None) == 0")),
    Probe("leave a daemon behind", DAEMON, argument="pid", seen="daemon_lives"),
    Probe("outlive a reviewer's program that is killed", DAEMON.replace("os.wait()\ntime.sleep(0.3)", "time.sleep(8)"), argument="--die-with-parent", seen="daemon_lives"),
    Probe("type into the reviewer's terminal", "import os; os.open('/dev/tty', os.O_RDWR); print('done')", argument="--new-session", terminal=True),
    Probe("read the memory of another process", LIBC + READ_MEMORY),
    Probe("take an open file of another process", LIBC + "held = libc.syscall(434, int({victim!r}), 0)\n" + _prints("libc.syscall(438, held, 1, 0) >= 0")),
    # privileges
    Probe("hold a capability", _prints("any(int(l.split()[1], 16) for l in open('/proc/self/status') if l.startswith('CapBnd'))"), argument="--cap-drop ALL"),
    Probe("gain rights by a program that gives them", _prints("'NoNewPrivs:\\t0' in open('/proc/self/status').read()")),
    Probe("become another user", "import os; os.setuid(1234); print('done')", root=True),
    Probe("make a namespace of its own", LIBC + _prints("libc.unshare(0x10000000) == 0"), argument="--disable-userns"),
    Probe("mount a file system", LIBC + _prints("libc.mount(b'none', {out!r}.encode(), b'tmpfs', 0, None) == 0 and libc.umount({out!r}.encode()) == 0"), root=True),
    Probe("make a namespace by the newer call", LIBC + "import struct\nmade = libc.syscall(435, ctypes.create_string_buffer(struct.pack('Q', 0x10000000) + bytes(80)), 88)\nif made == 0: os._exit(0)\n" + _prints("made > 0")),
    Probe("mount a file system by the newer calls", LIBC + _prints("libc.syscall(430, b'tmpfs', 0) >= 0"), root=True),
    Probe("change the root folder", "import os; os.chroot('/'); print('done')", root=True),
    Probe("run before everything else", "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); print('done')", root=True),
    Probe("open a file by its number on the disk", LIBC + BY_HANDLE, root=True),
    Probe("change what the kernel does when a program crashes", "import os; os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY); print('done')", argument="--remount-ro /proc", root=True),
    Probe("load a program into the kernel", LIBC + BPF, root=True),
    Probe("count what the kernel does", LIBC + PERF, root=True),
    Probe("read the kernel's log", LIBC + _prints("libc.klogctl(3, ctypes.create_string_buffer(4096), 4096) > 0"), root=True),
    Probe("decide what a page of memory holds when it is read", LIBC + "import platform\n" + _prints("libc.syscall({{'x86_64': 323, 'aarch64': 282}}[platform.machine()], 1) >= 0")),
    Probe("learn the machine's name", "import socket; " + _prints("socket.gethostname() == {host!r}"), argument="uts"),
    Probe("read shared memory of another process", LIBC + "libc.shmat.restype = ctypes.c_void_p\n" + _prints("libc.shmget({segment}, 16, 0o600) >= 0"), argument="ipc"),
    # network
    Probe("connect to a port of the machine", "import socket; socket.create_connection(('127.0.0.1', {tcp}), timeout=3); print('done')", argument="net"),
    Probe("send a datagram", "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {udp}))", argument="net", seen="datagram_came"),
    Probe("ask a name server", "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1); s.connect(('127.0.0.1', {dns})); s.send(bytes.fromhex('abcd01000001000000000000056c6f63616c00000100 01')); print('done' if s.recv(99) else '')", argument="net"),
    Probe("read which name server there is", "open('/etc/resolv.conf'); print('done')"),
    Probe("connect to a socket without a file", "import socket; socket.socket(socket.AF_UNIX).connect('\\0' + {abstract!r}); print('done')", argument="net"),
    Probe("connect to a socket in the home", "import socket; socket.socket(socket.AF_UNIX).connect({home!r} + '/agent'); print('done')"),
    Probe("make a socket that belongs to no network", FAMILIES, argument="--add-seccomp-fd"),
    Probe("connect through io_uring", IO_URING),
    Probe("ask the kernel for io_uring", LIBC + "import ctypes as c\n" + _prints("libc.syscall(425, 4, c.create_string_buffer(120)) >= 0"), argument="--add-seccomp-fd"),
    Probe("read a key of the reviewer's session", LIBC + KEY, argument="--add-seccomp-fd"),
    Probe("see which keys there are", "print('done' if open('/proc/keys').read() else 'nothing')"),
    # how much
    Probe("ask for 2 GiB of memory", "held = bytearray(2**31); print('done')", limits={"memory": 2**30}),
    Probe("reserve 2 GiB of memory", "import mmap; mmap.mmap(-1, 2**31, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); print('done')", argument="--data", limits={"memory": 2**30}),
    Probe("hold much memory in many processes", FORKED_MEMORY, argument="watch", limits={"memory": 400 * MIB}),
    Probe("start 150 processes", FORKS, argument="--nproc", limits={"processes": 100}),
    Probe("start 150 threads", "import threading, time\nfor n in range(150): threading.Thread(target=time.sleep, args=(4,), daemon=True).start()\ntime.sleep(2); print('done')", argument="--nproc", limits={"processes": 100}),
    Probe("compute for longer than it may", "import time\nwhile time.process_time() < 2.2: pass\nprint('done')", argument="--cpu", limits={"cpu_seconds": 1}),
    Probe("sleep for longer than it may", "import time; time.sleep(2.5); print('done')", argument="time", seconds=1.0),
    Probe("open 100 files", "files = [open('/dev/null') for _ in range(100)]; print('done')", argument="--nofile", limits={"open_files": 64}),
    Probe("write a large file", "open({out!r} + '/large', 'wb').write(bytes(2**21)); print('done')", argument="--fsize", limits={"file_bytes": MIB}),
    Probe("fill the disk with files that are small enough", "for n in range(4): open({out!r} + f'/{{n}}', 'wb').write(bytes(2**22))\nprint('done')", argument="watch", limits={"out_bytes": 8 * MIB}),
    Probe("make many files", "for n in range(300): open({out!r} + f'/{{n}}', 'w')\nprint('done')", argument="watch", limits={"out_files": 100}),
    Probe("make deep folders", "import os\nfor n in range(100): os.mkdir('d'); os.chdir('d')\nprint('done')", argument="watch", limits={"out_files": 1000}),
    Probe("fill the temporary folder", "open('/tmp/' + {new!r} + '-2', 'wb').write(bytes(12 * 2**20)); print('done')", argument="--size", limits={"temporary": 8 * MIB}),
    Probe("fill shared memory", "open('/dev/shm/' + {new!r} + '-2', 'wb').write(bytes(12 * 2**20)); print('done')", argument="--size", limits={"shared": 8 * MIB}),
    Probe("print without end", "import sys\nfor n in range(64): sys.stdout.write('x' * 2**16)\n", argument="output", seen="all_was_kept"),
    Probe("leave a picture of its memory", "import resource; " + _prints("resource.getrlimit(resource.RLIMIT_CORE)[1] != 0"), argument="--core"),
)  # fmt: skip

HONEST = Probe(
    "honest",
    "import subprocess, threading; open('file', 'w').write('x'); subprocess.run(['true'], check=True); print('done')",
)
