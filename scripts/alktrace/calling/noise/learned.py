"""What `call_variants` learned of a sample's noise, to the last digit: counting need not learn it anew."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...inputs.settings.calling_settings import CallingSettings
from ...io.atomic import atomic_output
from .carried import Change
from .kinds import N_ROWS
from .molecule_classes import N_CLASSES
from .rates import NoiseModel, read_prior

FORMAT_VERSION = 1


@dataclass(frozen=True)
class LearnedNoise:
    """The noise of a sample, and the substitutions that its molecules carry.

    Attributes:
        model: rates that enter the test.
        carried: as in `Haplotypes.changes`.
    """

    model: NoiseModel
    carried: dict[str, list[Change]]


def save_noise(learned: LearnedNoise, path: Path) -> None:
    """Write what was learned as JSON, without what settings and files of the assay say.

    Rates are those of `prior.tsv` and of the molecules together; a float is written so that it is read as
    itself.
    """
    model = learned.model
    content = {
        "format": FORMAT_VERSION,
        "shape": float(model.shape),
        "carried": learned.carried,
        "learned": model.learned.astype(int).tolist(),
        "rates": model.rates.tolist(),
    }
    with atomic_output(path) as (partial,):
        partial.write_text(json.dumps(content) + "\n", encoding="utf-8")


def load_noise(
    path: Path, settings: CallingSettings, positions: Mapping[tuple[str, int, str], float]
) -> LearnedNoise:
    """Read what `save_noise` wrote.

    Args:
        path: JSON of one sample.
        settings: calling section with which it was learned.
        positions: factors from normals.

    Raises:
        DataError: the file is none of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT_VERSION:
            raise KeyError("format")
        shape = (N_ROWS, N_CLASSES)
        model = NoiseModel(
            np.array(content["rates"], np.float64).reshape(shape),
            np.array(content["learned"], np.bool_).reshape(shape),
            positions,
            settings.design_vaf,
            float(content["shape"]),
            read_prior().dispersion,
        )
        carried = {
            chrom: [(int(at), str(base)) for at, base in found] for chrom, found in content["carried"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(path, f"no learned noise: {error}", "call the sample's variants anew") from None
    return LearnedNoise(model, carried)
