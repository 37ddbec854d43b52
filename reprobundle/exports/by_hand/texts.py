"""The parts of ``replay/REPLAY.md`` that are the same in every bundle."""

from __future__ import annotations

INTRODUCTION = """\
`replay/worker/` is what loads and runs the model: {worker}.
It needs nothing but Python's standard library, until it imports what the model needs.
`replay/by_hand.py` checks the files, tells the worker what to do, and compares what came of it.
Both are meant to be read.

**These commands run the code in this folder as you.** There are no walls around it: if you have
reason to fear it, read it first, or use a machine that you can throw away."""

COMMANDS = """\
## The six commands

Each is one line; type them in this order. Each of them ends with exit status 0 where all is well."""

STEPS = (  # a heading and what the command does, in the order of the commands
    (
        "Make an environment",
        """\
An empty one: none of your other packages is in it, and deleting `../by-hand` removes it.""",
    ),
    (
        "Install the packages",
        """\
Exactly the versions that were there, as ready-made wheels; nothing is built.""",
    ),
    (
        "Check every file",
        """\
Every file must be there with the size and the digest (XXH3-128) that `manifest.json` lists, and no
other one. This finds accidents, not attackers: whoever changes a file can change the manifest and
this script, too. At the end stands the *bundle id*; where a paper told you one, both must be equal.""",
    ),
    (
        "Write the job",
        """\
Writes `../by-hand/job.json`: which class or file the model is made from, its arguments, weights and
inputs, the preprocessing and the numeric settings, all of it from `manifest.json`. The recorded
outputs are not in it.""",
    ),
    (
        "Run the model",
        """\
The worker makes the model, loads its weights strictly, runs it once from seed 0, and writes what it
gives to `../by-hand/out`.""",
    ),
    (
        "Compare",
        """\
Says of each output whether it is *bitwise* the recorded one, else how many elements differ and what
the largest difference is; likewise of what the preprocessing makes of the recorded raw samples, and
of how the data was split, where these were recorded.""",
    ),
)

VARIABLES = """\
What stands before the program's name are recorded variables that change numbers."""

ANSWER = """\
## What the answer means

`THE SAME, bit for bit`: this model, with these weights and these packages, gives the recorded
outputs. It does not show that the weights come from the data that is named, nor that the model is
right.

`DIFFERENT`: the lines above it say where. Another processor, number of threads or version of a
library moves the last digits: of F32, some 1e-6 of the recorded root mean square, of F16 and BF16
some 1e-2. Where `weights` are not as recorded, they are not those that were trained.

`NOT RUN`: the model's own error follows. A note such as `numpy is '2.5.0', recorded was 2.3.5`
names a package of another version than the recorded one.

To begin again, delete `../by-hand/out` and go on with command 4."""

MEASURED = """\
How far honest runs of this very model lie apart was measured: under `envelopes` in
`replay/tolerance.json` stand, for each output, `rtol`, relative to each recorded element, and
`atol`, a fraction of the recorded output's root mean square."""

GONE = """\
- The index has not all packages: `--find-links FOLDER` takes wheels from a folder, `--index-url URL`
  asks another index. `environment/pylock.toml`, where it is there, names the files of the wheels;
  archives of the web and of software may have them under these names.
- A package is withdrawn or broken: take the nearest version that imports; command 6 names it.
- On Windows the environment's Python is `..\\by-hand\\Scripts\\python`; `set NAME=VALUE`, a line for
  each, goes before command 5.
- pip is gone: a wheel is a zip file, and unpacked into the environment's `site-packages` it is
  installed.
- The model was on a device, such as a GPU, that you do not have: the worker takes the processor, and
  last digits differ.
- Nothing of all this runs: read on. Everything is in open formats, and a few pages of code in
  whatever language there is then will read it."""

FORMATS = """\
## Reading the files yourself

- `manifest.json` is JSON in UTF-8: named sections, and under `files` the path, the size in bytes and
  the `xxh3_128` of every file but itself. Its `manifest_xxh3_128` is the digest of its own bytes with
  those 32 digits written as zeros. `views` names the files that are derived: README.md, this page,
  `replay/by_hand.py` and `replay/worker/` are among them.
- XXH3-128 is the 128-bit hash of xxHash, with seed 0, as 32 hexadecimal digits, the highest first.
- A `.safetensors` file begins with 8 bytes, an unsigned number with its lowest byte first: the length
  of the header, which follows as JSON. For each tensor it has a `dtype`, a `shape`, and in
  `data_offsets` where its bytes begin and end, counted from the end of the header. Numbers have their
  lowest byte first; the last index runs fastest. `F32` is an IEEE 754 float of 32 bits, `BF16` the
  upper half of one, `I64` a signed integer of 64 bits, `BOOL` a byte.
- Nested values are JSON, one node a level: `{"kind": "tensor", "name": "x"}` is the tensor `x` of the
  file that is named beside the structure; `dict`, `list` and `tuple` have `items`, `plain` has a
  `value`, `float` an exact one in `hex`.
- `model` says how the model is made: `entry` is `module:name` in the source, `init` what it is called
  with, `files` are its weights. `outputs.inputs` are the inputs, a mapping passed as keywords, a
  sequence by position, anything else as the one argument. `outputs.expected` is what came out, in
  evaluation mode, without gradients, all random generators seeded with 0.
- `code/source/` and `code/outside/` hold the source as it was. The folders of `code.import_roots` go to
  the end of Python's search path.
- `replay/worker/__main__.py` begins with what it reads and what it writes."""

LIMITS = """\
## What these commands do not do

- Nothing stands between the model's code and your files and network.
- No other inputs or weights are tried: a model that only remembers its answers is not found out.
- No signature is checked. Where there is a folder `signatures/`, OpenSSF model-signing checks it."""
