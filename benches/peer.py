"""Processor time per recording, Callprint beside sherpa-onnx: speech detection, features, embedding; one thread each.

    make peer                                   both over fixtures/audio; with fp32 too, after `make model-fp32`
    make peer DATA=DIR                          over the WAV files of another folder
    python benches/peer.py [--data DIR] [--limit N] [--rounds 3] [--json]

The same files, the same two models (Silero, CAM++ int8 and fp32), processor time of all threads, models already loaded; of
several rounds in turns the quickest counts. What each does between a recording and a voice:

* Callprint, by `callprint eval --json --threads 1`: reads and decodes the WAV file, Silero at 8 kHz in steps of 32 ms, quality,
  its filter bank at 8 kHz over the trimmed speech, CAM++, the back end, and the scores.
* sherpa-onnx, called from Python: Silero at 16 kHz in steps of 32 ms (it takes no other rate), its filter bank at 16 kHz over the
  same span, from the first to the last speech with 200 ms on either side, CAM++. Reading the file and bringing it to 16 kHz
  is left out of its time, since how a user of it would do that is not its affair.

Recordings that Callprint refuses as too poor are left out, since it computes no embedding of them.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time
import wave

import numpy as np
import onnx
import sherpa_onnx

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = {"int8": "campplus-zh-en-192-int8-v1", "fp32": "campplus-zh-en-192-fp32-v1"}
FILES = {"int8": "campplus_int8.onnx", "fp32": "campplus.onnx"}
# What sherpa-onnx wants to be told of a model from 3D-Speaker.
METADATA = dict(framework="3d-speaker", language="Chinese, English", url="see models/README.md", comment="CAM++", sample_rate=16000, output_dim=192, normalize_samples=1, feature_normalize_type="global-mean")
MARGIN = 3200  # 200 ms at 16 kHz


def recordings(folder, limit):
    """The WAV files that both can take: 8 kHz, 16 bits, mono."""
    found = []
    for path in sorted(folder.glob("*.wav")):
        with wave.open(str(path)) as file:
            if (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1) and file.getnframes() > 8000:
                found.append((path, np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768))
    return found[:limit]


def to_16k(samples):
    """By the spectrum; not timed."""
    spectrum = np.fft.rfft(samples)
    return (np.fft.irfft(spectrum, 2 * len(samples)) * 2).astype(np.float32)


class Sherpa:
    def __init__(self, kind, folder):
        model = onnx.load(ROOT / "models" / FILES[kind])
        for key, value in METADATA.items():
            model.metadata_props.add(key=key, value=str(value))
        path = str(pathlib.Path(folder) / f"{kind}.onnx")
        onnx.save(model, path)
        self.voice = sherpa_onnx.SpeakerEmbeddingExtractor(sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=path, num_threads=1))
        # Thresholds and shortest stretches as Callprint's.
        silero = sherpa_onnx.SileroVadModelConfig(model=str(ROOT / "models/silero_vad.onnx"), threshold=0.3, min_silence_duration=0.1, min_speech_duration=0.1)
        self.vad = sherpa_onnx.VoiceActivityDetector(sherpa_onnx.VadModelConfig(silero_vad=silero, sample_rate=16000, num_threads=1), 60)

    def embedding(self, samples):
        self.vad.reset()
        for at in range(0, len(samples), 512):
            self.vad.accept_waveform(samples[at : at + 512])
        self.vad.flush()
        spans = []
        while not self.vad.empty():
            segment = self.vad.front
            spans.append((segment.start, segment.start + len(segment.samples)))
            self.vad.pop()
        if not spans:
            return None
        stream = self.voice.create_stream()
        stream.accept_waveform(16000, samples[max(0, spans[0][0] - MARGIN) : spans[-1][1] + MARGIN])
        stream.input_finished()
        return np.array(self.voice.compute(stream))

    def seconds(self, clips):
        begun = time.process_time()
        found = [self.embedding(clip) for clip in clips]
        assert all(one is not None for one in found), "sherpa-onnx heard no speech in a recording of which Callprint took the voice"
        return time.process_time() - begun


def callprint(kind, files, folder):
    """Processor seconds of listening to every file once."""
    names = [path.name for path in files]
    (pathlib.Path(folder) / "enroll.tsv").write_text(f"model\ttake1\nm\t{names[0]}\n")
    rows = [f"m\t{name}\t{int(n == 0)}\n" for n, name in enumerate(names)]
    (pathlib.Path(folder) / "trials.tsv").write_text("model\tprobe\ttarget\n" + "".join(rows))
    command = [ROOT / "target/release/callprint", "eval", "--json", "--threads", "1", "--speaker", MODELS[kind]]
    command += ["--enroll", f"{folder}/enroll.tsv", "--trials", f"{folder}/trials.tsv", "--audio", files[0].parent]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    return found["cpu_seconds"], {fault["recording"] for fault in found["failed_probes"]}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", type=pathlib.Path, default=ROOT / "fixtures/audio", help="folder of WAV files")
    p.add_argument("--limit", type=int, default=100, help="the most files")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--json", action="store_true")
    a = p.parse_args()
    found = recordings(a.data, a.limit)
    with tempfile.TemporaryDirectory() as folder:
        refused = callprint("int8", [path for path, _ in found], folder)[1]
        found = [(path, samples) for path, samples in found if path.name not in refused]
        files, clips = [path for path, _ in found], [to_16k(samples) for _, samples in found]
        seconds = sum(len(samples) for _, samples in found) / 8000
        report = dict(files=len(files), audio_seconds=seconds, refused=len(refused), sherpa_onnx=sherpa_onnx.__version__, models={})
        for kind in [kind for kind, file in FILES.items() if (ROOT / "models" / file).exists()]:
            sherpa = Sherpa(kind, folder)
            sherpa.seconds(clips[:3])  # the first inferences allocate
            ours, theirs = [], []
            for _ in range(a.rounds):
                ours.append(callprint(kind, files, folder)[0])
                theirs.append(sherpa.seconds(clips))
            each = 1000 / len(files)
            report["models"][kind] = dict(callprint_ms=min(ours) * each, sherpa_ms=min(theirs) * each, ratio=min(theirs) / min(ours))
    report["load_average"] = os.getloadavg()[0]
    if a.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{len(files)} recordings, {seconds:.0f} s; processor time per recording, one thread; load average {report['load_average']:.1f}")
    for kind, m in report["models"].items():
        print(f"CAM++ {kind}: Callprint {m['callprint_ms']:.1f} ms, sherpa-onnx {report['sherpa_onnx']} {m['sherpa_ms']:.1f} ms: {m['ratio']:.2f} times ours")


if __name__ == "__main__":
    main()
