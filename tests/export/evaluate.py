"""Checks a Core ML package without Core ML and runs it on features: `evaluate.py CHECKER PACKAGE FOLDER [MODE]`.

CHECKER is an evaluator of ML Programs (check_mlpackage.py). FOLDER holds `features`, rows of 256 float32. The package's outputs go there,
as float32 rows: `logits` and `probabilities`. MODE is how results are rounded, by default as the package declares. Prints what the
package says of itself as one JSON object. Needs coremltools and numpy.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np


def main():
    checker, package, folder, mode = sys.argv[1], sys.argv[2], Path(sys.argv[3]), (sys.argv[4:] or ["typed"])[0]
    place = importlib.util.spec_from_file_location("checker", checker)
    check = importlib.util.module_from_spec(place)
    place.loader.exec_module(check)
    try:
        spec, blobs, weights, _ = check.open_package(package)
        program = check.Program(spec, blobs)
        unused = set(blobs.records) - blobs.used
        assert not unused and not program.unnamed, (unused, program.unnamed)
        check.check_with_coremltools(package, program, weights)
    except check.CheckError as error:
        sys.exit(f"rejected: {error}")
    import coremltools

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = coremltools.models.MLModel(package, skip_model_load=True)
    rows, width = program.described_inputs["features"][1]
    features = np.fromfile(folder / "features", "<f4").reshape(-1, width)
    count = len(features)
    padded = np.concatenate([features, np.zeros((-count % rows, width), "<f4")])
    outputs = [program.run({"features": some}, mode) for some in padded.reshape(-1, rows, width)]
    for name in ("logits", "probabilities"):
        values = np.concatenate([np.asarray(output[name], "<f4") for output in outputs])[:count]
        assert np.isfinite(values).all(), name
        values.tofile(folder / name)
    about = loaded.get_spec().description.metadata
    print(json.dumps({
        "specification": spec.specificationVersion,
        "author": loaded.author, "license": loaded.license, "version": loaded.version,
        "description": loaded.short_description,
        "inputs": {item.name: item.shortDescription for item in spec.description.input},
        "outputs": {item.name: item.shortDescription for item in spec.description.output},
        "defined": dict(about.userDefined),
    }))


main()
