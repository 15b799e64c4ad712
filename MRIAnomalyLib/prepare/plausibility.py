"""Is this what the model was trained on? What is far off is refused, what is unusual is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

# Refused outside these, which are far wider than the calibration subjects' own ranges (those are in each bundle's model.json).
BRAIN = {
    "brain_ml": (850.0, 2200.0),
    "correlation": (0.25, 1.0),  # with the template after registration
    "scaling": (0.8, 2.4),  # template brain volume over the brain's own
    "overlap": (0.87, 1.0),  # Dice with the template's brain, of slices that were not registered: brains of their own size fall short
}
KNEE = {"leg_mm": (80.0, 175.0)}  # from front to back
ANATOMIES = {"brain": ("a whole adult brain", BRAIN), "knee": ("an adult knee", KNEE)}  # in words, and what it must measure
CONTRAST = {  # brightness over white matter: of fluid and grey matter in the whole brain, and of grey matter around S +18 mm
    ("brain", "T1"): {"fluid": (0.0, 0.75), "grey": (0.5, 0.93), "contrast": (0.5, 0.9)},
    ("brain", "FLAIR"): {"contrast": (0.87, 1.5), "slice_contrast": (0.72, 1.5)},  # of single slices, which vary more
    ("knee", "PDFS"): {"marrow": (0.0, 1.1)},  # over the leg's median: 0.58 to 0.70 with the fat suppressed, 1.8 without
}
FLAIR_FROM = {
    "contrast": 0.87,
    "slice_contrast": 0.81,
}  # between the two sequences; a few FLAIR slices lie below, of people with much bright white matter
WORDS = {
    "brain_ml": "brain volume {:.0f} mL",
    "correlation": "correlation with the brain template {:.2f}",
    "scaling": "template volume over brain volume {:.2f}",
    "overlap": "overlap with the brain template {:.2f}",
    "fluid": "brightness of fluid over white matter {:.2f}",
    "grey": "brightness of grey over white matter {:.2f}",
    "contrast": "brightness of grey over white matter around the ventricles {:.2f}",
    "slice_contrast": "brightness of grey over white matter in the slice {:.2f}",
    "leg_mm": "leg from front to back {:.0f} mm",
    "marrow": "brightness of bone marrow over the middle tissue {:.2f}",
}
SCANS = {
    "T1": "a T1-weighted scan",
    "FLAIR": "a FLAIR scan",
    "PDFS": "a fat-suppressed proton-density scan",
    "T2": "a T2-weighted scan",
    "PD": "a proton-density scan",
}
MARGIN = 0.25  # of the calibration's own range, beyond which a measurement is called unusual


def reasons_to_refuse(facts: Mapping[str, float], sequence: str, anatomy: str = "brain") -> list[str]:
    """Sentences, empty when the volume can be a scan of this sequence of such an adult body part."""
    whole, size = ANATOMIES[anatomy]
    expected = [(whole, size), (SCANS[sequence], CONTRAST.get((anatomy, sequence), {}))]
    return [
        f"This does not look like {promised}: {WORDS[name].format(facts[name])}, where {low:g} to {high:g} was expected. "
        f"Give {SCANS[sequence]} of {whole}."
        for promised, limits in expected
        for name, (low, high) in limits.items()
        if name in facts and not low <= facts[name] <= high
    ]


def sequence_of(facts: Mapping[str, float]) -> str:
    """What a scan is by its contrast: "T1" or "FLAIR"; of a knee the one sequence that is looked for, which `reasons_to_refuse` checks."""
    if "leg_mm" in facts:
        return "PDFS"
    return "FLAIR" if any(facts.get(name, 0.0) >= lowest for name, lowest in FLAIR_FROM.items()) else "T1"


def ranges_of(facts: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Lowest and highest of each measurement that all calibration subjects have."""
    names = [name for name in (*WORDS, "extracted") if all(name in fact for fact in facts)]
    return {name: [min(fact[name] for fact in facts), max(fact[name] for fact in facts)] for name in names}


def unusual(facts: Mapping[str, float], ranges: Mapping[str, Sequence[float]]) -> list[str]:
    """A warning about measurements that no calibration subject comes near; empty when there is none."""
    found = []
    for name in (name for name in WORDS if name in facts and name in ranges):
        low, high = ranges[name]
        room = MARGIN * (high - low)
        if not low - room <= facts[name] <= high + room:
            found.append(f"{WORDS[name].format(facts[name])} ({low:.3g} to {high:.3g} there)")
    return [f"Unlike the healthy scans this model knows: {'; '.join(found)}. False alarms are more likely."] if found else []


def cut_out(facts: Mapping[str, float], ranges: Mapping[str, Sequence[float]]) -> list[str]:
    """A warning when the brain was not cut out as those of the calibration subjects: the rim lies a little elsewhere."""
    if "extracted" not in facts:  # nothing is cut out of a leg
        return []
    low, high = ranges.get("extracted", (0.0, 0.0))  # 0: by this program
    if low <= facts["extracted"] <= high:
        return []
    return ["The brain was cut out by another program than those this model knows: its rim may light up."]


def side_not_told(facts: Mapping[str, float]) -> list[str]:
    """A warning when a knee does not say which one it is; empty for what has no side."""
    if facts.get("side") != 0.0:
        return []
    return ["The scan does not say which knee this is: it was taken for a right one, and medial may have been compared with lateral."]


def too_wide(spread: Mapping[str, float], limit: Mapping[str, float], anatomy: str = "brain") -> list[str]:
    """A warning when a whole brain or knee, not a place in it, lies wider about the healthy mean than any calibration subject's."""
    ratio = float(np.max([spread[name] / limit[name] for name in spread]))
    if ratio <= 1:
        return []
    return [
        f"The whole {anatomy} differs from the healthy scans this model knows ({ratio:.1f} times their largest spread): another scanner, "
        "strong shading or widespread disease. Read single findings with caution; calibrating on healthy scans of this scanner helps."
    ]
