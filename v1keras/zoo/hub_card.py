"""The card of a preset as the Hugging Face hub reads it."""

import re
from typing import Any

# Terms of recordings that the hub knows; others are given by their text.
_LICENSES = (
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "apache-2.0",
    "mit",
)
_LONGEST_NAME = 96


def hub_card(metadata: dict[str, Any], text: str) -> str:
    """Return a preset's card with the header that the hub reads.

    Args:
        metadata: Dict, as `v1keras.zoo.info` returns it.
        text: String, the preset's card.

    Returns:
        String: license, datasets, metrics, tags and scores as YAML, then the card.
    """
    from huggingface_hub import EvalResult, ModelCardData

    recording = metadata["recording"]
    dataset = str(recording.get("name", "not named"))[:_LONGEST_NAME]
    data = ModelCardData(
        library_name="keras",
        tags=["v1keras", "neuroscience", "visual-cortex", "encoding-model"],
        datasets=[dataset],
        metrics=["pearsonr"],
        model_name=metadata["name"],
        eval_results=[
            EvalResult(
                task_type="other",
                task_name="rates of neurons from images",
                dataset_type="other",
                dataset_name=dataset,
                dataset_split="test",
                dataset_revision=f"{row['protocol']}, seeds {row['seeds']}",
                metric_type=metric,
                metric_name=f"{name}, {row['neurons']} neurons ({row['count']})",
                metric_value=row[key],
            )
            for row in metadata["scores"]
            for metric, name, key in (
                ("pearsonr", "correlation", "correlation"),
                ("cc_norm", "CC_norm", "cc_norm"),
            )
            if row[key] is not None
        ],
        **_license(str(recording.get("license", "not stated"))),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{text}"


def _license(terms):
    """Return the entries on the terms: those of the recording hold for the model."""
    spelled = re.sub(r"[\s_]+", "-", terms.strip().lower())
    if spelled in _LICENSES:
        return {"license": spelled}
    return {"license": "other", "license_name": terms[:_LONGEST_NAME]}
