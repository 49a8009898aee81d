"""Counts the multiply-accumulates of each model, and what they make of one core: the limit by arithmetic.

    pip install -r ../benches/peer-requirements.txt
    python flops.py                          per chunk of 32 ms (VAD) and per 1, 3 and 5 s (speaker)
    python flops.py --peak                   what one core of this machine does, and hence the most calls per core

Counted from the shapes that ONNX Runtime reports of every node when it runs the graph unoptimised (static shape inference stops at
Silero's branches): convolutions, matrix products and recurrent cells. Everything else (activations, normalisation, quantisation)
is left out: it costs time, but few operations. The int8 model's nodes count like the fp32 ones. 3 s of speech have 298 frames.
"""

import argparse
import json
import math
import os
import pathlib
import sys
import tempfile
import time

import numpy as np
import onnxruntime as ort

HERE = pathlib.Path(__file__).resolve().parent
LENGTHS_S = (1, 3, 5)
CHUNK_MS = 32


def macs(file, feeds):
    """Multiply-accumulates by kind of node, of one inference."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(pathlib.Path(folder) / "profile")
        session = ort.InferenceSession(str(HERE / file), options, providers=["CPUExecutionProvider"])
        session.run(None, feeds)
        events = json.loads(pathlib.Path(session.end_profiling()).read_text())
    counted = {}
    for event in events:
        args = event.get("args", {})
        if "output_type_shape" not in args:
            continue
        shapes = lambda key: [next(iter(one.values())) for one in args[key]]
        kind, inputs, output = args["op_name"], shapes("input_type_shape"), shapes("output_type_shape")[0]
        if kind == "Conv":
            count = math.prod(output) * math.prod(inputs[1][1:])
        elif kind in ("MatMul", "Gemm"):
            count = math.prod(output) * inputs[0][-1]
        elif kind == "LSTM":
            count = math.prod(inputs[0][:2]) * (math.prod(inputs[1]) + math.prod(inputs[2]))
        else:
            unknown = {"ConvInteger", "QLinearConv", "MatMulInteger", "QLinearMatMul", "QGemm", "GRU", "Einsum", "ConvTranspose"} & {kind}
            assert not unknown, f"{kind} is not counted"
            continue
        counted[kind] = counted.get(kind, 0) + count
    return counted


def speaker(file, seconds):
    frames = 1 + (seconds * 1000 - 25) // 10
    return macs(file, {"feats": np.zeros((1, frames, 80), np.float32)})


def vad():
    feeds = {"input": np.zeros((1, 288), np.float32), "state": np.zeros((2, 1, 128), np.float32), "sr": np.array(8000)}
    return macs("silero_vad.onnx", feeds)


def peak():
    """Multiply-accumulates per second of one core on an fp32 matrix product, at best of some seconds of trying."""
    n = 1024
    a, b = (np.random.default_rng(s).random((n, n), np.float32) for s in (1, 2))
    best, until = float("inf"), time.process_time() + 4
    while time.process_time() < until:
        begun = time.process_time()
        a @ b
        best = min(best, time.process_time() - begun)
    return n**3 / best


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--peak", action="store_true")
    a = p.parse_args()
    speakers = [name for name in ("campplus_int8.onnx", "campplus.onnx") if (HERE / name).exists()]
    chunk = sum(vad().values())
    print(f"silero_vad.onnx, a chunk of {CHUNK_MS} ms: {chunk / 1e6:.3f} M multiply-accumulates {vad()}")
    print(f"  a second of audio: {chunk / 1e6 * 1000 / CHUNK_MS:.1f} M")
    for name in speakers:
        counts = {seconds: sum(speaker(name, seconds).values()) for seconds in LENGTHS_S}
        print(f"{name}: " + ", ".join(f"{seconds} s {count / 1e9:.2f} G" for seconds, count in counts.items()))
    if a.peak:
        rate = peak()
        print(f"one core, fp32 matrix product: {rate / 1e9:.0f} G a second (load average {os.getloadavg()[0]:.1f})")
        hearing = rate / (chunk * 1000 / CHUNK_MS)
        voices = rate / sum(speaker(speakers[0], 3).values())
        print(f"by arithmetic one core hears {hearing:.0f} streams at once, or takes {voices:.0f} voices of 3 s a second")


if __name__ == "__main__":
    # numpy's threads would make one core look like several.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name) != "1":
            os.environ[name] = "1"
            os.execv(sys.executable, [sys.executable, *sys.argv])
    main()
