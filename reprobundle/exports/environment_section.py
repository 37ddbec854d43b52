"""The card's section on the environment: the packages that the bundle's own source names, and where all of them stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reprobundle.components.documentation.facts import LIBRARIES
from reprobundle.components.environment.section import Distribution
from reprobundle.manifest import Manifest
from reprobundle.named_imports import SOURCE, Tree, by_lines, named_from, starts_of
from reprobundle.phrases import counted
from reprobundle.rendering.markdown import code, inline, table

SHOWN = 20
MOST_MODULES = 500
DISTRIBUTIONS: Mapping[str, str] = {  # where a module is not called as the distribution that it comes from
    "PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml",
    "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "pl_bolts": "lightning-bolts", "attr": "attrs",
    "ruamel": "ruamel-yaml", "umap": "umap-learn", "faiss": "faiss-cpu", "sentence_transformers": "sentence-transformers",
}  # fmt: skip


def imports_of(manifest: Manifest, root: Path) -> frozenset[str]:
    """Names of the top modules that the bundle's own source imports, by its lines: nothing of it is parsed or run.

    Its source is what was loaded when the capture was made, what the functions and commands of claims stand in, and the
    files that these import in turn.

    Args:
        manifest: What was captured.
        root: The folder of a bundle that is being made, or of a verified one.
    """
    modules = [module.path for module in manifest.code.modules[:MOST_MODULES]]
    loaded = [path for path in modules if path.startswith(f"{SOURCE}/") and path.endswith(".py")]
    tree = Tree(root, manifest.code.import_roots)
    claims = manifest.claims.claims
    computing = starts_of(tree, [claim.entry for claim in claims], [claim.command for claim in claims])
    names = named_from(tree, [*filter(tree.has, loaded), *computing], by_lines)
    return frozenset(name.partition(".")[0] for name in names)


def lines(manifest: Manifest, imports: frozenset[str] | None) -> Iterator[str]:
    """Python and platform, the packages that the source imports, and the lock for the rest.

    Args:
        manifest: What was captured.
        imports: Top modules that the source imports; None where there is no source to look at.
    """
    section = manifest.environment
    python, system = section.interpreter, section.platform
    libc = f", {inline(system.libc)}" if system.libc else ""
    yield f"{inline(python.implementation)} {inline(python.version)} on {inline(system.system)} {inline(system.machine)}{libc}."
    used = _used(manifest, imports)
    if used:
        yield table(("package", "version"), [(code(part.name), code(part.version)) for part in used[:SHOWN]])
    if len(used) > SHOWN:
        yield f"And {len(used) - SHOWN} more that the source imports."
    yield _rest(manifest, len(used))


def _rest(manifest: Manifest, told: int) -> str:
    """Where all that was installed stands."""
    section = manifest.environment
    total = f"{counted(len(section.distributions), 'package')} in all"
    begin = "These are what the model's source and that of its claims import, of " if told else "Installed: "
    if section.lock is None:
        return f"{begin}{total}; there is no lock that names them."
    hashes = "with the hashes of its archives" if section.lock.hashes == "complete" else "without hashes"
    left_out = len(section.left_out)
    but = f" but {left_out}" if left_out else ""
    return f"{begin}{total}. The lock, {code(section.lock.path)}, names them all{but}, {hashes}."


def _used(manifest: Manifest, imports: frozenset[str] | None) -> list[Distribution]:
    """What the source imports, and what opens the model; the well-known first."""
    named = {DISTRIBUTIONS.get(name, name).lower().replace("_", "-") for name in imports or ()}
    named |= {(manifest.model.framework or "").partition(" ")[0]}
    named |= {"transformers"} if manifest.model.loader == "for_transformers" else set()
    known = [part for part in manifest.environment.distributions if part.imported]
    used = known if imports is None else [part for part in known if part.name in named]
    rank = {name: place for place, name in enumerate(LIBRARIES)}
    return sorted(used, key=lambda part: (rank.get(part.name, len(rank)), part.name))
