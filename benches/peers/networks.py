"""The network of IntentKit (256 -> 256 -> 128 -> 64 -> N, if wanted with a linear path from the features to the output)
for ONNX Runtime and LiteRT, in float32 and with int8 weights and activations rounded at run time, which is what IntentKit
does. The files are written directly; neither PyTorch nor TensorFlow is needed."""

import flatbuffers
import numpy as np
import onnx
import tflite
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper, numpy_helper
import onnxruntime

WIDTHS = [256, 256, 128, 64]


def random_layers(labels, linear, seed=1):
    """Weights (outputs x inputs) and biases of each layer, and the linear path's weights. A time doesn't depend on them."""
    generator = np.random.default_rng(seed)
    uniform = lambda *shape: generator.uniform(-0.1, 0.1, shape).astype(np.float32)
    widths = WIDTHS + [labels]
    layers = [(uniform(after, before), uniform(after)) for before, after in zip(widths, widths[1:])]
    return layers, uniform(labels, WIDTHS[0]) if linear else None


def onnx_bytes(layers, linear=None):
    """Float32, features [rows, 256] to logits [rows, N]."""
    nodes, weights, value = [], [], "features"

    def constant(name, array):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name))
        return name

    for i, (weight, bias) in enumerate(layers):
        last = i == len(layers) - 1
        product, sum_ = f"product{i}", "deep" if last and linear is not None else "logits" if last else f"sum{i}"
        # MatMul and not Gemm: that is what quantisation at run time knows.
        nodes.append(helper.make_node("MatMul", [value, constant(f"weight{i}", weight.T)], [product]))
        nodes.append(helper.make_node("Add", [product, constant(f"bias{i}", bias)], [sum_]))
        value = sum_
        if not last:
            nodes.append(helper.make_node("Relu", [sum_], [f"hidden{i}"]))
            value = f"hidden{i}"
    if linear is not None:
        nodes.append(helper.make_node("MatMul", ["features", constant("linear", linear.T)], ["straight"]))
        nodes.append(helper.make_node("Add", ["deep", "straight"], ["logits"]))
    return _onnx_model(nodes, weights, WIDTHS[0], len(layers[-1][1]))


def _onnx_model(nodes, weights, inputs, outputs):
    floats = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])
    graph = helper.make_graph(nodes, "network", [floats("features", inputs)], [floats("logits", outputs)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def onnx_empty():
    """A model that hands on one number: what a call takes by itself."""
    return _onnx_model([helper.make_node("Identity", ["features"], ["logits"])], [], 1, 1)


def onnx_int8(model, folder):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    before, after = folder / "float32.onnx", folder / "int8.onnx"
    before.write_bytes(model)
    quantize_dynamic(before, after, per_channel=True, weight_type=QuantType.QInt8)
    return after.read_bytes()


def onnx_session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, {"features": rows})[0]


class _LiteRT:
    """Writes a .tflite file (schema version 3): tensors, then operators over their numbers."""

    def __init__(self):
        self.builder = flatbuffers.Builder(1 << 20)
        self.buffers, self.tensors, self.operators, self.codes = [b""], [], [], []

    def tensor(self, name, shape, array=None, scales=None):
        """A number for it. Int8 arrays have a scale for each row."""
        b, buffer = self.builder, 0
        if array is not None:
            buffer = len(self.buffers)
            self.buffers.append(array.tobytes())
        quantization = None
        if scales is not None:
            scales_at = b.CreateNumpyVector(scales.astype(np.float32))
            zeros_at = b.CreateNumpyVector(np.zeros(len(scales), np.int64))
            tflite.QuantizationParametersStart(b)
            tflite.QuantizationParametersAddScale(b, scales_at)
            tflite.QuantizationParametersAddZeroPoint(b, zeros_at)
            tflite.QuantizationParametersAddQuantizedDimension(b, 0)
            quantization = tflite.QuantizationParametersEnd(b)
        name_at, shape_at = b.CreateString(name), b.CreateNumpyVector(np.array(shape, np.int32))
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, shape_at)
        tflite.TensorAddType(b, tflite.TensorType.INT8 if scales is not None else tflite.TensorType.FLOAT32)
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, name_at)
        if quantization is not None:
            tflite.TensorAddQuantization(b, quantization)
        self.tensors.append(tflite.TensorEnd(b))
        return len(self.tensors) - 1

    def operator(self, code, inputs, output, kind, options):
        b = self.builder
        if code not in self.codes:
            self.codes.append(code)
        inputs_at = b.CreateNumpyVector(np.array(inputs, np.int32))
        outputs_at = b.CreateNumpyVector(np.array([output], np.int32))
        options_at = options(b)
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, self.codes.index(code))
        tflite.OperatorAddInputs(b, inputs_at)
        tflite.OperatorAddOutputs(b, outputs_at)
        tflite.OperatorAddBuiltinOptionsType(b, kind)
        tflite.OperatorAddBuiltinOptions(b, options_at)
        self.operators.append(tflite.OperatorEnd(b))

    def fully_connected(self, inputs, output, relu):
        def options(b):
            tflite.FullyConnectedOptionsStart(b)
            activation = tflite.ActivationFunctionType.RELU if relu else tflite.ActivationFunctionType.NONE
            tflite.FullyConnectedOptionsAddFusedActivationFunction(b, activation)
            return tflite.FullyConnectedOptionsEnd(b)

        kind = tflite.BuiltinOptions.FullyConnectedOptions
        self.operator(tflite.BuiltinOperator.FULLY_CONNECTED, inputs, output, kind, options)

    def add(self, inputs, output):
        def options(b):
            tflite.AddOptionsStart(b)
            return tflite.AddOptionsEnd(b)

        self.operator(tflite.BuiltinOperator.ADD, inputs, output, tflite.BuiltinOptions.AddOptions, options)

    def _vector(self, items):
        self.builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            self.builder.PrependUOffsetTRelative(item)
        return self.builder.EndVector()

    def bytes(self, input_, output):
        b = self.builder
        inputs_at = b.CreateNumpyVector(np.array([input_], np.int32))
        outputs_at = b.CreateNumpyVector(np.array([output], np.int32))
        tensors_at, operators_at = self._vector(self.tensors), self._vector(self.operators)
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensors_at)
        tflite.SubGraphAddInputs(b, inputs_at)
        tflite.SubGraphAddOutputs(b, outputs_at)
        tflite.SubGraphAddOperators(b, operators_at)
        graphs_at = self._vector([tflite.SubGraphEnd(b)])
        codes, buffers = [], []
        for code in self.codes:
            tflite.OperatorCodeStart(b)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(b, code)
            tflite.OperatorCodeAddBuiltinCode(b, code)
            # The version that knows int8 weights with a scale for each output, and no bias.
            fully_connected = code == tflite.BuiltinOperator.FULLY_CONNECTED
            tflite.OperatorCodeAddVersion(b, 12 if fully_connected else 1)
            codes.append(tflite.OperatorCodeEnd(b))
        for data in self.buffers:
            b.ForceDefaults(False)
            data_at = b.CreateNumpyVector(np.frombuffer(data, np.uint8)) if data else None
            tflite.BufferStart(b)
            if data_at is not None:
                tflite.BufferAddData(b, data_at)
            buffers.append(tflite.BufferEnd(b))
        codes_at, buffers_at = self._vector(codes), self._vector(buffers)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes_at)
        tflite.ModelAddSubgraphs(b, graphs_at)
        tflite.ModelAddBuffers(b, buffers_at)
        b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
        return bytes(b.Output())


def litert_bytes(layers, linear=None, int8=False):
    """As `onnx_bytes`, for one row."""
    model = _LiteRT()

    def weights(name, array):
        if not int8:
            return model.tensor(name, array.shape, array)
        scales = np.abs(array).max(axis=1) / 127
        return model.tensor(name, array.shape, np.round(array / scales[:, None]).astype(np.int8), scales)

    features = value = model.tensor("features", [1, WIDTHS[0]])
    for i, (weight, bias) in enumerate(layers):
        output = model.tensor(f"value{i}", [1, len(bias)])
        inputs = [value, weights(f"weight{i}", weight), model.tensor(f"bias{i}", bias.shape, bias)]
        model.fully_connected(inputs, output, relu=i < len(layers) - 1)
        value = output
    if linear is not None:
        straight = model.tensor("straight", [1, len(linear)])
        model.fully_connected([features, weights("linear", linear), -1], straight, relu=False)
        logits = model.tensor("logits", [1, len(linear)])
        model.add([value, straight], logits)
        value = logits
    return model.bytes(features, value)


def litert_empty():
    """Adds a number to itself: what a call takes by itself."""
    model = _LiteRT()
    number, sum_ = model.tensor("features", [1, 1]), model.tensor("logits", [1, 1])
    model.add([number, number], sum_)
    return model.bytes(number, sum_)


def litert_session(model):
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(row):
        interpreter.set_tensor(inputs, row)
        interpreter.invoke()
        return interpreter.get_tensor(outputs)

    return run


def expected(layers, linear, features):
    """The same in numpy, to hold the files against."""
    value = features
    for i, (weight, bias) in enumerate(layers):
        value = value @ weight.T + bias
        if i < len(layers) - 1:
            value = np.maximum(value, 0)
    return value if linear is None else value + features @ linear.T
