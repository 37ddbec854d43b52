from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from forging import refit
from tiny import tiny_bundle, tiny_manifest

from reprobundle import replaying
from reprobundle.bundle import Bundle
from reprobundle.cli.show import PACKED, UNSIGNED
from reprobundle.components import hyperparameters
from reprobundle.errors import UsageError
from reprobundle.manifest import Proof


@pytest.fixture
def bundle(tmp_path):
    return tiny_bundle(tmp_path / "tiny")


def test_verify_says_what_it_checked(call, bundle):
    """Intact, unsigned, how many files, and whether the bundle was proven."""
    assert call("verify", bundle) == (
        0,
        f"""\
intact, UNSIGNED
bundle       tiny  {Bundle.open(bundle).id}
files        5 files, 125 bytes
proof        proven at capture, bitwise: a fresh process reloaded it and gave the same outputs
lock         every pin with the hashes of its archives
notes        1 note of the capture: reprobundle show BUNDLE notes
""",
        "",
    )


def test_verify_gives_a_document(call, bundle):
    """With ``--json`` one document stands alone on standard output."""
    code, out, err = call("verify", bundle, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "bundle_id": Bundle.open(bundle).id,
        "bundle_name": "tiny",
        "intact": True,
        "signature": "none",
        "signatures": [],
        "signed_by": None,
        "proof": {"status": "bitwise", "why": None},
        "lock": {"path": "environment/requirements.txt", "hashes": "complete", "why": None, "by": "pip-tools"},
        "previous": [],
        "files": 5,
        "bytes": 125,
        "notes": 1,
    }


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (
            Proof(status="close", why="the last bits"),
            "proven at capture, close: a fresh process reloaded it and gave the same outputs",
        ),
        (Proof(status="failed", why="at load: x"), "UNPROVEN, the reload at capture failed: at load: x"),
        (
            Proof(status="not run", why="it was switched off"),
            "UNPROVEN, the reload at capture was not run: it was switched off",
        ),
    ],
)
def test_verify_says_how_far_a_bundle_is_proven(call, tmp_path, proof, words):
    """A bundle that was not proven says so wherever it is shown."""
    _, out, _ = call("verify", tiny_bundle(tmp_path / "x", proof=proof))

    assert words in " ".join(out.split())


def test_a_renamed_bundle_is_called_by_both_names(call, bundle, tmp_path):
    """The name it was captured under stays its own; the folder's name stands beside it."""
    bundle.rename(tmp_path / "renamed")

    assert "bundle       tiny  " in call("verify", tmp_path / "renamed")[1]
    assert "\n             in the folder renamed\n" in call("verify", tmp_path / "renamed")[1]
    assert "\nin the folder renamed\n" in call("show", tmp_path / "renamed")[1]
    assert "in the folder" not in call("verify", tiny_bundle(tmp_path / "tiny"))[1]


def test_what_a_program_left_in_the_folder_can_be_deleted(call, bundle):
    """Bytecode and the system's own files are refused like any other, with the way out."""
    for path in ("code/source/__pycache__/net.pyc", ".DS_Store"):
        (bundle / path).parent.mkdir(parents=True, exist_ok=True)
        (bundle / path).write_bytes(b"x")
    code, _, err = call("verify", bundle)
    (bundle / "other").write_bytes(b"x")

    assert code == 2
    assert err.endswith("\nhint: delete .DS_Store, __pycache__, which a program left in the folder, and verify again\n")
    assert "\nhint: nothing of it was run; get the bundle again: " in call("verify", bundle)[2]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_read_where_it_lies(call, bundle, tmp_path, kind):
    """Verify and show say of the packed file what they say of the folder, with the same exit code."""
    packed = tmp_path / f"{bundle.name}.{kind}"
    call("pack", bundle, packed)

    for verb in (["verify"], ["verify", "--json"], ["show"], ["show", "--json"], ["show", "notes"]):
        code, out, err = call(verb[0], packed, *verb[1:])
        assert (code, out.replace(PACKED, UNSIGNED), err) == call(verb[0], bundle, *verb[1:])
    assert sorted(place.name for place in tmp_path.iterdir()) == sorted([bundle.name, packed.name])


def test_a_renamed_archive_is_called_by_both_names(call, bundle, tmp_path):
    """The name the bundle was captured under stays its own."""
    call("pack", bundle, tmp_path / "other.tar")

    assert "\n             in the archive other.tar\n" in call("verify", tmp_path / "other.tar")[1]
    assert "\nin the archive other.tar\n" in call("show", tmp_path / "other.tar")[1]


def test_archives_are_compared_and_replayed_as_folders_are(call, bundle, tmp_path):
    """They are unpacked for the time being, and nothing stays."""
    call("pack", bundle, tmp_path / "x.tar")
    code, out, said = call("compare", tmp_path / "x.tar", bundle)
    refused, _, err = call(
        "replay", tmp_path / "x.tar", "--data", "nonsense=" + str(tmp_path), "--report", tmp_path / "r"
    )

    assert (code, out.splitlines()[0]) == (0, "SAME: x.tar and tiny")
    assert [line.rpartition(", ")[0] for line in said.splitlines()] == ["· unpacking x.tar into a temporary folder"]
    assert err.splitlines()[0].startswith("· unpacking x.tar into a temporary folder, ")
    assert call("compare", tmp_path / "x.tar", bundle, "--quiet")[1:] == ("", "")
    assert (refused, "nonsense" in err) == (2, True)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["tiny", "x.tar"]


def test_verify_refuses_a_damaged_archive(call, bundle, tmp_path):
    """One flipped bit ends with 2 and one line that names the member and where it lies."""
    packed = tmp_path / "tiny.tar"
    call("pack", bundle, packed)
    content = bytearray(packed.read_bytes())
    at = content.index(b"numpy==2.3.5")
    content[at] ^= 1
    packed.write_bytes(content)
    code, out, err = call("verify", packed)

    assert (code, out) == (2, "")
    found = re.match(
        r"reprobundle: archive 'tiny.tar': bytes (\d+) to (\d+): member 'environment/requirements.txt': ", err
    )
    assert found is not None
    assert int(found[1]) <= at <= int(found[2]) < at + 600


@pytest.mark.parametrize("verb", [["doctor"], ["export", "card"]])
def test_other_verbs_want_an_archive_unpacked_first(call, bundle, tmp_path, verb):
    """Whoever names an archive elsewhere is told the verb that reads it."""
    for kind in ("zip", "tar"):
        call("pack", bundle, tmp_path / f"tiny.{kind}")
        code, _, err = call(*verb, tmp_path / f"tiny.{kind}")

        assert code == 2
        assert err.endswith("\nhint: an archive of a bundle is read with: reprobundle unpack FILE DIR\n")


def test_show_tells_the_notes_with_their_way_out(call, bundle):
    """Each note is a line, its hint below."""
    assert call("show", bundle, "notes")[1] == "code: no git repository\n  hint: git init\n"


def test_verify_refuses_what_was_altered(call, bundle):
    """An altered file ends with 2 and one line that names it; nothing stands on standard output."""
    (bundle / "model.safetensors").write_bytes(b"x" * 94)
    code, out, err = call("verify", bundle)

    assert (code, out) == (2, "")
    assert err.startswith("reprobundle: model.safetensors: digest differs: expected 8579c02fccba6175a14ff8fa5882de58")


@pytest.mark.parametrize("verb", [["verify"], ["show"], ["compare"]])
def test_quiet_prints_nothing(call, bundle, verb):
    """With ``--quiet`` the exit code is the answer."""
    arguments = [*verb, bundle, bundle] if verb == ["compare"] else [*verb, bundle]

    assert call(*arguments, "--quiet") == (0, "", "")


def test_show_tells_what_is_inside(call, bundle):
    """Every section stands with what is in it, and that nothing was verified is said."""
    code, out, _ = call("show", bundle)

    assert code == 0
    assert out.startswith(f"tiny  {Bundle.open(bundle).id}\nread, not verified: reprobundle verify checks the files\n")
    assert "  distributions  2 entries\n" in out
    assert "  framework      torch 2.13.0+cpu\n" in out


def test_show_tells_one_section_whole(call, bundle):
    """A section is shown to its last leaf."""
    assert call("show", bundle, "model")[1].splitlines()[5:14] == [
        "  kwargs: hidden 8",
        "  objects: none",
        "  kinds: none",
        "files: model.safetensors",
        "tensors:",
        "  - name: w",
        "    dtype: F32",
        "    shape: 2",
        "    xxh3_128: 0123456789abcdef0123456789abcdef",
    ]


def test_show_tells_data_as_a_table(call, bundle):
    """Splits are read by column: what they are called, how many, how large."""
    assert call("show", bundle, "data")[1].splitlines()[:4] == [
        "2 data splits",
        "  name   form   count  size       classes  repeated  in other splits",
        "  train  array  12     192 bytes  -        0         none",
        "  test   array  4      64 bytes   -        0         none",
    ]


def test_show_gives_documents(call, bundle):
    """With ``--json`` the manifest comes byte for byte, or one section of it."""
    assert call("show", bundle, "--json")[1].encode() == (bundle / "manifest.json").read_bytes()
    assert json.loads(call("show", bundle, "hyperparameters", "--json")[1])["values"]["lr"] == 0.1


def test_show_names_the_sections(call, bundle):
    """A section that is not there ends with 2 and the names of those that are."""
    code, out, err = call("show", bundle, "wheels")

    assert (code, out) == (2, "")
    assert err.startswith(
        "reprobundle: there is no section 'wheels'\nhint: the sections are previous, proof, environment"
    )


def test_show_escapes(call, tmp_path):
    """Names and values of a stranger's bundle are shown, not obeyed."""
    values = {"\x1b[2J": "\x1b]52;c;x\x07", "deep": {"\u202e": ["\x9b"]}}
    bundle = tiny_bundle(tmp_path / "x", name="\x1b[31m", hyperparameters=hyperparameters.Section(values=values))
    shown = call("show", bundle)[1] + call("show", bundle, "hyperparameters")[1] + call("verify", bundle)[1]

    assert all(character == "\n" or character.isprintable() for character in shown)


def test_compare_says_what_differs(call, bundle, tmp_path):
    """First a line for each kind, then each value with its path under the names of both; the exit code is 1."""
    changed = hyperparameters.Section(values={"lr": 0.2, "layers": {"hidden": 8}})
    other = tiny_bundle(tmp_path / "other", name="other", hyperparameters=changed)
    code, out, _ = call("compare", bundle, other)

    assert code == 1
    assert (
        out
        == """\
DIFFERENT in 2 of 15 kinds: tiny and other
  bundle          1 difference
  hyperparameters 2 differences
  same: previous, proof, environment, code, data, preprocessing, model, outputs, claims,
  documentation, notes, views, files

bundle
  name
      tiny: "tiny"
      other: "other"

hyperparameters
  values.lr
      tiny: 0.1
      other: 0.2
  values.layers.bias is not in both
      tiny: true
      other: not there
"""
    )


def test_compare_of_a_copy_is_the_same(call, bundle, tmp_path):
    """A copied bundle is the same, in words and as a document."""
    shutil.copytree(bundle, tmp_path / "copy")
    code, out, _ = call("compare", bundle, tmp_path / "copy")

    assert (code, out.splitlines()[0]) == (0, "SAME: tiny and copy")
    assert call("compare", bundle, bundle)[1].startswith("SAME: tiny and tiny\n")
    assert {finding["status"] for finding in json.loads(call("compare", bundle, bundle, "--json")[1])} == {"same"}


def test_show_tells_the_environment_in_tables(call, bundle):
    """Hundreds of distributions and facts are read by column."""
    out = call("show", bundle, "environment")[1]

    assert "\nDistributions (2)\n  name   version     origin  imported  requested  edited since\n" in out
    assert "\nFacts that change numbers (1)\n  fact     value\n  threads  2\n" in out
    assert json.loads(call("show", bundle, "environment", "--json")[1])["numerics"] == {"threads": 2}


def test_doctor_says_what_can_be_replayed_here(call, tmp_path):
    """What blocks stands in the first line, each check with its way out below; 3 where no replay can be tried."""
    bare = tiny_manifest().environment.model_copy(update={"lock": None})
    bundle = tiny_bundle(tmp_path / "x", environment=bare)
    code, out, err = call("doctor", bundle)
    lines = out.splitlines()

    assert (code, err) == (3, "")
    assert lines[0].startswith("CANNOT BE REPLAYED HERE: model")
    assert lines[1] == f"bundle       tiny  {Bundle.open(bundle).id}"
    assert lines[3] == "  ok       bundle        intact, UNSIGNED: 4 files as the manifest lists them"
    assert "  blocks   lock          the bundle has no lock to rebuild its environment from" in lines
    assert call("doctor", bundle, "--quiet") == (3, "", "")
    assert json.loads(call("doctor", bundle, "--json")[1])["checks"][0]["outcome"] == "ok"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["x"], "--data: expected SPLIT=PATH, found 'x'"),
        (["=x"], "--data: expected SPLIT=PATH, found '=x'"),
        (["test=/no/such"], "--data: split 'test': there is nothing at '/no/such'"),
        (["test=.", "test=."], "--data: the split 'test' stands twice"),
        (["test=/no/such/*.png"], "--data: split 'test': there is nothing at '/no/such/*.png'"),
    ],
)
def test_replay_refuses_wrong_data(call, bundle, given, complaint):
    """A wrong ``--data`` is found before anything is done."""
    arguments = [part for text in given for part in ("--data", text)]

    assert call("replay", bundle, *arguments) == (2, "", f"reprobundle: {complaint}\n")


@pytest.mark.parametrize(("option", "word"), [("--data", "data"), ("--salt", "salts")])
def test_replay_refuses_a_split_that_is_not_recorded(call, bundle, tmp_path, option, word):
    """A slip in a name is found before the files are checked, with the names there are; nothing is made."""
    given = f"trian={bundle / 'manifest.json'}"

    assert call("replay", bundle, option, given, "--report", tmp_path / "report") == (
        2,
        "",
        f"reprobundle: {word}: the bundle records no data split 'trian'\n"
        "hint: did you mean 'train'? it records 'train', 'test'\n",
    )
    assert not (tmp_path / "report").exists()


def test_replay_refuses_a_wrong_salt(call, bundle):
    """So is a wrong ``--salt``; a URL and a pattern that matches are left to be read."""
    salt = call(
        "replay", bundle, "--data", "test=memory://x", "--data", f"train={bundle}/*.json", "--salt", "test=/no/such"
    )

    assert salt == (2, "", "reprobundle: --salt: split 'test': there is nothing at '/no/such'\n")


@pytest.mark.parametrize("given", ["0", "-1", "inf", "nan", "1.5", "1000000000", "soon"])
def test_replay_refuses_a_wrong_timeout(call, bundle, given):
    """A time limit is a whole number of seconds that a clock can wait for."""
    code, out, err = call("replay", bundle, "--timeout", given)

    assert (code, out) == (2, "")
    assert err.startswith("reprobundle: Invalid value for '--timeout': ")


def test_replay_hands_the_timeout_on(call, bundle, monkeypatch):
    """The model may run as long as the person says, an hour where nothing is said."""
    seen = []

    def stop(path, **options):
        seen.append(options["timeout"])
        raise UsageError("stopped")

    monkeypatch.setattr(replaying, "replay", stop)
    call("replay", bundle, "--timeout", "90")
    call("replay", bundle)

    assert seen == [90, 3600]


@pytest.mark.parametrize(
    ("given", "handed"),
    [
        ((), ("close", None, None, True)),
        (("--require", "same decisions"), ("same decisions", None, None, True)),
        (("--require", "same-metrics", "--no-envelope"), ("same-metrics", None, None, False)),
        (("--rtol", "1e-4"), ("close", 1e-4, None, True)),
        (("--require", "bitwise", "--rtol", "0", "--atol", "0.5"), ("bitwise", 0.0, 0.5, True)),
    ],
)
def test_replay_hands_on_what_counts(call, bundle, monkeypatch, given, handed):
    """What the person requires, and how far apart outputs may lie, is theirs to say."""
    seen = []

    def stop(path, *, require, rtol, atol, envelopes, **options):
        seen.append((require, rtol, atol, envelopes))
        raise UsageError("stopped")

    monkeypatch.setattr(replaying, "replay", stop)
    call("replay", bundle, *given)

    assert seen == [handed]


@pytest.mark.parametrize("given", [("--rtol", "-1"), ("--rtol", "nan"), ("--rtol", "0.1", "--atol", "inf")])
def test_replay_refuses_a_tolerance_for_everything(call, bundle, given):
    """A tolerance is a finite number of at least 0."""
    option, value = given[-2].removeprefix("--"), float(given[-1])
    said = f"reprobundle: tolerance {option}: expected a finite number of at least 0, found {value!r}\n"

    assert call("replay", bundle, *given) == (2, "", said)


def test_replay_refuses_an_unknown_rung(call, bundle):
    """Only rungs that say that something agrees can be required."""
    with pytest.raises(UsageError) as caught:
        replaying.replay(bundle, require="different")

    said = "require: expected one of bitwise, close, same-decisions, same-metrics, found 'different'"
    assert str(caught.value) == said
    assert call("replay", bundle, "--require", "different") == (2, "", f"reprobundle: {said}\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--memory", "8G"), "memory: only a sandbox bounds it, found sandbox 'none'"),
        (("--gpu",), "devices: only a sandbox hides graphics processors, found sandbox 'none'"),
    ],
)
def test_replay_refuses_what_only_walls_can_do(call, bundle, given, said):
    """A bound that nobody would keep is not taken in silence."""
    code, out, err = call("replay", bundle, "--sandbox", "none", *given)

    assert (code, out) == (2, "")
    assert err.startswith(f"reprobundle: {said}\nhint: leave ")


def test_replay_prints_the_verdict_and_where_the_report_is(call, bundle, tmp_path):
    """A bundle without recorded outputs cannot be judged: 3, the words, and the report beside them."""
    report = tmp_path / "report"
    code, out, err = call("replay", bundle, "--env", "current", "--sandbox", "none", "--report", report)

    assert (code, err) == (3, "")
    assert out.startswith("COULD NOT BE TOLD: no sample inputs are recorded\n")
    assert out.endswith(f"\nreport       {report / 'report.html'}\n")
    assert (report / "report.html").is_file()


def test_replay_gives_the_report_as_a_document(call, bundle, tmp_path, monkeypatch):
    """With ``--json`` the report of the library stands alone; without ``--report`` it lies under the current folder."""
    monkeypatch.chdir(tmp_path)
    code, out, _ = call("replay", bundle, "--env", "current", "--sandbox", "none", "--json")
    (kept,) = (tmp_path / "tiny.replay").glob("*/report.json")

    assert code == 3
    assert out.encode() == kept.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always read as UTF-8")
def test_a_process_that_cannot_read_names_as_utf8_says_so(call, bundle, tmp_path):
    """Nothing is repaired or left half done: one line, and the way out; with names of ASCII alone all works."""
    (bundle / "notes").mkdir()
    (bundle / "notes" / "f\u00f6.txt").write_text("x")
    refit(bundle)
    call("pack", bundle, tmp_path / "x.tar")
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    env = {name: value for name, value in env.items() if name != "PYTHONIOENCODING"}

    def said(*argv):
        command = [sys.executable, "-m", "reprobundle", *map(str, argv)]
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stderr

    hint = "hint: Python was told not to read names as UTF-8: unset PYTHONUTF8, or set LC_ALL=C.UTF-8\n"
    refused, cannot = said("verify", bundle), said("unpack", tmp_path / "x.tar", tmp_path / "back")
    assert refused == (2, f"reprobundle: path 'notes/f\\udcc3\\udcb6.txt': is not valid Unicode\n{hint}")
    assert cannot[0] == 3
    assert cannot[1].endswith(f": this process names files in ascii only\n{hint}")
    assert not (tmp_path / "back").exists()
    assert said("verify", tmp_path / "x.tar") == (0, "")
