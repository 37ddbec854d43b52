"""How to load the model and how to replay the bundle, as the card tells it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

from reprobundle.components.preprocessing import Step
from reprobundle.entries import Entry, parse_entry
from reprobundle.exports import calling
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some
from reprobundle.rendering import escape
from reprobundle.rendering.markdown import block, code, inline

LONGEST_CALL = 1000
NOT_GIVEN = "**No preprocessing was given to capture**"
READY = "The recorded inputs, which a replay uses, are ready for the model."
SOURCE = ("code/source", "code/outside")
BY_THEMSELVES = {  # what is imported, and the call
    "for_torchscript": ("torch", "model = torch.jit.load({file}).eval()"),
    "for_onnx": ("onnxruntime", 'session = onnxruntime.InferenceSession({file}, providers=["CPUExecutionProvider"])'),
    "for_skops": ("skops.io", "model = skops.io.load({file}, trusted={trusted})"),
}


def loading(manifest: Manifest) -> Iterator[str]:
    """How to load the model by hand."""
    if manifest.model.loader in BY_THEMSELVES:
        yield "From this folder, with the packages of the lock installed:"
        yield block(list(_by_itself(manifest)), "python")
        return
    if manifest.model.entry is None:
        yield "The model has no name that can be imported, so it cannot be loaded from this folder alone."
        return
    entry = parse_entry(manifest.model.entry)
    outer = entry.name.partition(".")[0]
    lines = ["import sys", "", "sys.dont_write_bytecode = True  # a bundle with other files in it is refused"]
    lines += [*(f"sys.path.append({root!r})" for root in manifest.code.import_roots), ""]
    call = _call(manifest)
    if manifest.model.loader == "for_callable":
        yield "From this folder, with the packages of the lock installed:"
        yield block([*lines, f"from {entry.module} import {outer}", "", f"outputs = {entry.name}(inputs)"], "python")
        return
    yield "From this folder, with the packages of the lock installed:"
    if manifest.model.loader == "for_transformers":
        call = f'{entry.name}.from_pretrained(".")'
        yield block([*lines, f"from {entry.module} import {outer}", "", f"model = {call}.eval()"], "python")
        return
    yield block([*lines, *_loader(manifest), "", *_imports(manifest, entry), "",
                 f"model = {entry.name}({call})", *_weights(manifest), "model.eval()"], "python")  # fmt: skip


def _by_itself(manifest: Manifest) -> Iterator[str]:
    """A model whose own file says all, as its runtime loads it."""
    imported, call = BY_THEMSELVES[manifest.model.loader]
    if manifest.model.trusted:  # types of the bundle's own source may be among them
        yield from ("import sys", "", "sys.dont_write_bytecode = True  # a bundle with other files in it is refused")
        yield from (f"sys.path.append({root!r})" for root in manifest.code.import_roots)
    yield from (f"import {imported}", "")
    yield call.format(file=f'"{manifest.model.files[0]}"', trusted=list(manifest.model.trusted))


def _call(manifest: Manifest) -> str:
    """The arguments as Python writes them; where they are long, where to find them."""
    init = manifest.model.init
    if init is None:
        return "...  # what it was called with is not recorded"
    call = calling.written(init)
    return escape(call, limit=LONGEST_CALL) if len(call) <= LONGEST_CALL else "...  # see model.init in manifest.json"


def _imports(manifest: Manifest, entry: Entry) -> list[str]:
    """Imports of the model's class or factory and of what its arguments are made with, a line a module."""
    init = manifest.model.init
    needed = [entry, *(calling.entries_of(init) if init else ())]
    names: dict[str, set[str]] = {}
    for one in needed:
        names.setdefault(one.module, set()).add(one.name.partition(".")[0])
    lines = [
        f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names) if module != "builtins"
    ]
    return [*(f"import {module}" for module in (calling.modules_of(init) if init else ())), *lines]


def _loader(manifest: Manifest) -> list[str]:
    single = len(manifest.model.files) == 1
    return [f"from safetensors.torch import {'load_model' if single else 'load_file'}"]


def _weights(manifest: Manifest) -> list[str]:
    files = manifest.model.files
    if len(files) == 1:
        return [f"load_model(model, {files[0]!r})"]
    parts = ", ".join(f"**load_file({file!r})" for file in files)
    return [f"model.load_state_dict({{{parts}}})"]


def replaying(manifest: Manifest) -> Iterator[str]:
    """The exact command, and what it does."""
    yield f"With reprobundle {inline(manifest.reprobundle)} or newer installed, in this folder:"
    yield block(["reprobundle replay ."], "sh")
    yield (
        "It checks every file, rebuilds the environment from the lock, runs the model on the recorded inputs inside a "
        "sandbox, and compares the outputs with the recorded ones."
    )
    yield from _with_data(manifest)
    yield "Without it, by hand, with Python and pip alone: `replay/REPLAY.md` has the commands."
    status, why = manifest.proof.status, manifest.proof.why
    if manifest.proof.proven:
        yield f"Before this bundle was sealed, a fresh process reloaded it and its outputs agreed: **{status}**."
    else:
        reason = f": {inline(why)}" if why else ""
        yield f"**Unproven**: the reload before the seal {'failed' if status == 'failed' else 'was not run'}{reason}."


def _with_data(manifest: Manifest) -> Iterator[str]:
    """The same where claims are computed on data, of which a replay takes the reviewer's own copy."""
    claims = [claim for claim in manifest.claims.claims if (claim.entry or claim.command) and claim.needs]
    splits = [escape(shlex.quote(name)) for name in sorted({claim.needs for claim in claims if claim.needs})]
    if splits:
        told = f"{counted(len(claims), 'claim')} more where it is told of the data"
        yield f"It computes {told}; put the path of your own copy in place of each PATH:"
        yield block([f"reprobundle replay . {' '.join(f'--data {name}=PATH' for name in splits)}"], "sh")


def preparing(manifest: Manifest) -> Iterator[str]:
    """The recorded preprocessing."""
    section = manifest.preprocessing
    if section.transform is None and not section.steps and section.pairs is None:
        told = "" if section.configuration is None and not section.described else ", only what is said of it here"
        yield f"{NOT_GIVEN}{told}: {_where_else(manifest)}. {READY}"
    if section.transform is not None:
        yield f"The function {code(section.transform)} makes the model's inputs from raw samples."
    if section.steps:
        yield f"{counted(len(section.steps), 'step')}, one after another, {_makes(section.steps)} the model's inputs from raw samples:"
        yield "\n".join(f"{number}. {_step(step)}" for number, step in enumerate(section.steps, start=1))
    if section.configuration is not None:
        yield f"Its settings are in {code(section.configuration)}."
    for part in section.described:
        told = f": {inline(part.doc)}" if part.doc else ""
        yield f"**{part.topic.capitalize()}** (under {code(part.key)} in the settings){told}"
    if section.pairs is not None:
        chain = ", and at capture these results were the model's recorded inputs" if section.pairs.feeds_model else ""
        again = "a replay makes them again and compares" if section.can_run else "no replay can make them again"
        yield f"Raw samples and what is made of them are recorded{chain}; {again}{' both' if chain and section.can_run else ''}."


def _where_else(manifest: Manifest) -> str:
    """Where what makes inputs from raw samples may stand, as nobody said it; the claims' own functions are likely to use it."""
    roots = [code(f"{home}/") for home in SOURCE if any(root.startswith(home) for root in manifest.code.import_roots)]
    if not roots:
        return "nothing in this bundle makes the model's inputs from raw samples"
    entries = {parse_entry(claim.entry).module for claim in manifest.claims.claims if claim.entry}
    files = [code(module.path) for module in manifest.code.modules if module.name in entries]
    told = f"; the claims are computed by {some(files)}" if files else ""
    return f"what makes the model's inputs from raw samples may stand in {' and '.join(roots)}{told}"


def _makes(steps: Sequence[Step]) -> str:
    return "makes" if len(steps) == 1 else "make"


def _step(step: Step) -> str:
    """One step as a reader knows it: what it is, and where it stands."""
    what = {"function": "the function", "object": "an object of", "pretrained": "the tokenizer or processor"}
    if step.form == "skops":
        told = f"the fitted object in {code(step.file or '')}"
    else:
        told = f"{what[step.form]} {code(step.entry or '')}"
    return f"{code(step.name)}: {told}" + (f", its method {code(step.method)}" if step.method else "")


def scalar(value: object) -> str:
    """A hyperparameter as it stands in the manifest."""
    return code(json.dumps(value, ensure_ascii=False))
