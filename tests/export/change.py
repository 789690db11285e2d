"""What coremltools makes of a package without Core ML: `change.py HOW PACKAGE RESULT`.

HOW is `float16-outputs`, `int8`, `palettes` (of 4 bits), or `none`, which looks at PACKAGE alone. Prints what the result says of itself as one
JSON object. Needs coremltools; palettes need scikit-learn too.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import coremltools as ct
import coremltools.optimize.coreml as optimize


def float16_outputs(model):
    array = ct.proto.FeatureTypes_pb2.ArrayFeatureType
    return ct.utils.change_input_output_tensor_type(model, array.FLOAT32, array.FLOAT16)


def int8(model):
    config = optimize.OpLinearQuantizerConfig(mode="linear_symmetric")
    return optimize.linear_quantize_weights(model, optimize.OptimizationConfig(config))


def palettes(model):
    config = optimize.OpPalettizerConfig(mode="kmeans", nbits=4)
    return optimize.palettize_weights(model, optimize.OptimizationConfig(config))


def main():
    how, package, result = sys.argv[1:]
    if how != "none":
        model = ct.models.MLModel(package, skip_model_load=True)
        {"float16-outputs": float16_outputs, "int8": int8, "palettes": palettes}[how](model).save(result)
        package = result
    model = ct.models.MLModel(package, skip_model_load=True)
    spec = model.get_spec()
    blocks = [b for f in spec.mlProgram.functions.values() for b in f.block_specializations.values()]
    kinds = [operation.type for block in blocks for operation in block.operations]
    print(json.dumps({
        "specification": spec.specificationVersion,
        "author": model.author, "version": model.version,
        "defined": dict(model.user_defined_metadata),
        "outputs": [output.name for output in spec.description.output],
        "layers": kinds.count("linear"),
        "compressed": sum(kind.startswith("constexpr_") for kind in kinds),
        "bytes": sum(file.stat().st_size for file in Path(package).rglob("*") if file.is_file()),
    }))


main()
