"""The card's front matter: what the Hub reads to list a model."""

from __future__ import annotations

from typing import Any

from reprobundle.components.documentation.card import Card
from reprobundle.exports import model_index
from reprobundle.exports.hub_names import on_hub
from reprobundle.manifest import Manifest
from reprobundle.rendering.escaping import escape

LIBRARIES = {
    "torch": "pytorch",
    "transformers": "transformers",
    "onnxruntime": "onnx",
    "scikit-learn": "sklearn",
}
HUB_LICENCES = frozenset(  # the Hub refuses every other name
    """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gpl-2.0 gpl-3.0 isc
    lgpl-2.1 lgpl-3.0 lppl-1.3c mit mpl-2.0 ms-pl ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl zlib
    """.split()  # noqa: SIM905  a hundred quotes would hide the names
)
PIPELINES = {  # by the end of the class's name, as transformers names its models
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForSemanticSegmentation": "image-segmentation",
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
    "ForSpeechSeq2Seq": "automatic-speech-recognition",
}


def front_matter(manifest: Manifest, card: Card) -> str:
    """The YAML between the card's two rules, rules included."""
    import yaml

    pretrained = manifest.model.loader == "for_transformers"
    framework = "transformers" if pretrained else (manifest.model.framework or "").partition(" ")[0]
    task = card.task or (_pipeline(manifest) if pretrained else None)
    metadata: dict[str, Any] = {
        **_licence(card.license),
        "library_name": LIBRARIES.get(framework),
        "pipeline_tag": task,
        "datasets": on_hub(card.datasets),
        "base_model": on_hub(card.base_model),
        "language": list(card.language),
        "tags": list(dict.fromkeys(["reprobundle", *_of_mixin(manifest), *map(escape, card.tags)])),
        "model-index": model_index.results(manifest, card, task or "other"),
    }
    present = {key: value for key, value in metadata.items() if value}
    text: str = yaml.safe_dump(present, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def _of_mixin(manifest: Manifest) -> tuple[str, ...]:
    """The tags that the mixin writes itself, by which the Hub shows how to load the model."""
    return ("model_hub_mixin", "pytorch_model_hub_mixin") if manifest.model.mixin else ()


def _pipeline(manifest: Manifest) -> str | None:
    """What the model is for, where its class says so."""
    entry = manifest.model.entry or ""
    return next((task for end, task in PIPELINES.items() if entry.endswith(end)), None)


def _licence(expression: str | None) -> dict[str, str]:
    if expression is None:
        return {}
    if expression.lower() in HUB_LICENCES:
        return {"license": expression.lower()}
    return {"license": "other", "license_name": expression}
