"""Measures the speaker model on sets of phone recordings, the way Callprint scores: an outside check of the Rust engine.

    python evaluate.py --data DIR [--models campplus.onnx campplus_int8.onnx] [--sets digits …] [--cache DIR]
    python evaluate.py --data DIR --calibration          how the manifest's calibration behaves on each set
    python evaluate.py --data DIR --takes                cosines between takes of one and of two speakers

Needs: numpy, onnxruntime. DIR holds SET/enroll.tsv (model, take1..3; a row is one model instance, a name may have several),
SET/trials.tsv (model, probe, target, same_phrase; a trial counts against every instance of its name) and SET/CONDITION/*.wav
(8 kHz, 16-bit, mono).

Steps: Silero VAD -> cut silent ends -> front end -> CAM++ -> minus centre, unit length -> minus nuisance directions, unit
length -> cosine with the unit mean of three takes. EER, FRR at FAR 1 % and 0.1 %, minDCF (p = 0.01) and Cllr of the LLR.
"""

import argparse
import hashlib
import json
import pathlib
import tomllib

import numpy as np

import reference_frontend as fe
from make_campplus import read_wav, session

HERE = pathlib.Path(__file__).resolve().parent
CHUNK, CONTEXT = 256, 32
WARM_UP = 16  # chunks of line noise given first: a clip that begins inside a word otherwise loses its start. It goes on under
# the clip: digital silence makes the detector deaf to the words after it
NOISE_RMS = 0.001  # -60 dBFS; digital silence does the same here, but takes a real line's noise for the onset of speech
FITTED_S = (1.0, 5.0)  # lengths that the calibration's weights were fitted on
PUBLISHED = dict(score=29.55, ln_net_speech_s=-4.20, take_agreement=-8.87, offset=-3.77)


# --- voice activity ----------------------------------------------------------------------------------------------------


def line_noise(samples):
    """White noise, the same every time: the upper half of a linear congruential generator."""
    out, state = np.empty(samples, np.float32), 12345
    for i in range(samples):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = ((state >> 16) / 32768 - 1) * NOISE_RMS * np.sqrt(3)
    return out


def speech_probabilities(vad, pcm, warm_up=0):
    """One probability per 32 ms chunk; the last chunk is filled up with zeros. `warm_up` chunks of line noise go first, and
    the same noise goes on under the clip."""
    x = np.asarray(pcm, dtype=np.float32) / 32768.0
    x = np.concatenate([np.zeros(warm_up * CHUNK, np.float32), x, np.zeros(-len(x) % CHUNK, np.float32)])
    if warm_up:
        x = x + np.resize(line_noise(warm_up * CHUNK), len(x))
    x = np.concatenate([np.zeros(CONTEXT, np.float32), x])
    state, sr, out = np.zeros((2, 1, 128), np.float32), np.array(8000), []
    for at in range(0, len(x) - CONTEXT, CHUNK):
        p, state = vad.run(None, {"input": x[None, at : at + CONTEXT + CHUNK], "state": state, "sr": sr})
        out.append(float(p[0, 0]))
    return np.array(out[warm_up:])


def segments(probabilities, threshold=0.3, min_speech_ms=100, min_silence_ms=100):
    """Speech as [start, end) chunks: on at `threshold`, off after `min_silence_ms` below `threshold - 0.15`."""
    low, gap = threshold - 0.15, int(np.ceil(min_silence_ms / 32))
    found, start, quiet = [], None, None
    for i, p in enumerate(probabilities):
        if start is None:
            if p >= threshold:
                start, quiet = i, None
        elif p >= threshold:
            quiet = None
        elif p < low:
            quiet = i if quiet is None else quiet
            if i - quiet + 1 >= gap:
                found.append((start, quiet))
                start = None
    if start is not None:
        found.append((start, len(probabilities) if quiet is None else quiet))
    return [(a, b) for a, b in found if (b - a) * 32 >= min_speech_ms]


def cut(pcm, segs, pad_ms):
    """Samples from the first to the last speech with a margin, and for how long the voice was heard, in seconds: the geometric mean
    of net speech and the span from first to last. Everything where none is found."""
    if not segs:
        return pcm, len(pcm) / 8000.0
    pad = pad_ms * 8
    net, span = sum(b - a for a, b in segs), segs[-1][1] - segs[0][0]
    return pcm[max(0, segs[0][0] * CHUNK - pad) : segs[-1][1] * CHUNK + pad], np.sqrt(net * span) * 0.032


# --- embeddings --------------------------------------------------------------------------------------------------------


def embed(net, feats):
    """The raw embedding of features [frames, 80]; every frame counts the same where a model asks for weights."""
    given = {"feats": feats, "fbank": feats, "weights": np.ones(len(feats), np.float32)}
    return net.run(None, {i.name: given[i.name][None] for i in net.get_inputs()})[0][0]


class Store:
    """Speech probabilities and embeddings of every file, kept in a folder between runs."""

    def __init__(self, data, cache, vad=HERE / "silero_vad.onnx"):
        self.data, self.cache = pathlib.Path(data), pathlib.Path(cache)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.vad = session(vad)

    def files(self, set_, condition):
        return sorted((self.data / set_ / condition).glob("*.wav"))

    def probabilities(self, set_, condition):
        path = self.cache / f"vad-under-{WARM_UP}-{set_}-{condition}.json"
        if not path.exists():
            found = {f.name: speech_probabilities(self.vad, read_wav(f), WARM_UP).tolist() for f in self.files(set_, condition)}
            path.write_text(json.dumps(found))
        return {k: np.array(v) for k, v in json.loads(path.read_text()).items()}

    def embeddings(self, model, set_, condition, trim=dict(), pad_ms=200, whole=False):
        """{file: (embedding[192], net speech in s)}"""
        digest = hashlib.sha256(pathlib.Path(model).read_bytes()).hexdigest()
        key = json.dumps(["under", WARM_UP, digest, set_, condition, sorted(trim.items()), pad_ms, whole])
        path = self.cache / f"emb-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            net, names, rows, spoken = session(model), [], [], []
            probabilities = self.probabilities(set_, condition)
            for f in self.files(set_, condition):
                pcm, seconds = cut(read_wav(f), segments(probabilities[f.name], **trim), pad_ms)
                feats = fe.features(read_wav(f) if whole else pcm)
                names.append(f.name)
                rows.append(embed(net, feats))
                spoken.append(seconds)
            np.savez(path, names=names, rows=np.array(rows), spoken=spoken)
        z = np.load(path)
        return {str(n): (r, float(s)) for n, r, s in zip(z["names"], z["rows"], z["spoken"])}


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Backend:
    def __init__(self, path, nuisance=8):
        d = json.loads(pathlib.Path(path).read_text())
        self.centre = np.array(d.get("centre", d.get("center")))
        self.nuisance = np.array(d["nuisance"])[:nuisance]

    def __call__(self, e):
        x = unit(np.asarray(e, dtype=np.float64) - self.centre)
        return unit(x - (x @ self.nuisance.T) @ self.nuisance) if len(self.nuisance) else x


# --- trials ------------------------------------------------------------------------------------------------------------


def rows(path):
    lines = path.read_text().splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


def trials(data, set_, embeddings, backend):
    """Arrays: score, target, same_phrase, ln of the probe's net speech, take agreement, and the probe's name."""
    z = {n: backend(e) for n, (e, _) in embeddings.items()}
    instances = {}
    for r in rows(data / set_ / "enroll.tsv"):
        takes = np.array([z[r[k]] for k in ("take1", "take2", "take3")])
        g = takes @ takes.T
        instances.setdefault(r["model"], []).append((unit(takes.mean(axis=0)), (g[0, 1] + g[0, 2] + g[1, 2]) / 3))
    out = []
    for t in {(r["model"], r["probe"]): r for r in rows(data / set_ / "trials.tsv")}.values():
        for print_, agreement in instances[t["model"]]:
            s = float(print_ @ z[t["probe"]])
            out.append((s, int(t["target"]), int(t["same_phrase"]), np.log(np.clip(embeddings[t["probe"]][1], *FITTED_S)), agreement, t["probe"]))
    names = ("s", "target", "same", "lnT", "c")
    return {n: np.array([o[i] for o in out]) for i, n in enumerate(names)} | {"probe": np.array([o[5] for o in out])}


def pick(t, mask):
    return {k: v[mask] for k, v in t.items()}


# --- figures -----------------------------------------------------------------------------------------------------------


def far_frr(target, impostor):
    """False accept and false reject rates at every threshold (accept when score >= threshold), thresholds rising."""
    thresholds = np.unique(np.concatenate([target, impostor]))
    far = 1 - np.searchsorted(np.sort(impostor), thresholds, "left") / len(impostor)
    frr = np.searchsorted(np.sort(target), thresholds, "left") / len(target)
    return np.append(thresholds, np.inf), np.append(far, 0.0), np.append(frr, 1.0)


def figures(score, is_target):
    t, i = score[is_target == 1], score[is_target == 0]
    _, far, frr = far_frr(t, i)
    k = np.argmin(np.abs(far - frr))
    dcf = np.min(0.01 * frr + 0.99 * far) / 0.01
    return dict(eer=(far[k] + frr[k]) / 2, frr1=frr[far <= 0.01].min(), frr01=frr[far <= 0.001].min(), mindcf=dcf)


def cllr(llr, is_target):
    t, i = llr[is_target == 1], llr[is_target == 0]
    return (np.logaddexp(0, -t).mean() + np.logaddexp(0, i).mean()) / (2 * np.log(2))


def min_cllr(score, is_target):
    """Cllr after the best monotone recalibration (pool adjacent violators)."""
    order = np.lexsort((-is_target, score))
    y = is_target[order].astype(float)
    blocks = []
    for v in y:
        blocks.append([v, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            s, n = blocks.pop()
            blocks[-1][0] += s
            blocks[-1][1] += n
    p = np.concatenate([np.full(n, s / n) for s, n in blocks])
    with np.errstate(divide="ignore"):
        llr = np.log(p) - np.log1p(-p) - np.log(y.sum() / (len(y) - y.sum()))
    return cllr(llr, y)


def llr(t, c):
    return c["score"] * t["s"] + c["ln_net_speech_s"] * t["lnT"] + c["take_agreement"] * t["c"] + c["offset"]


def views(set_, t):
    """The rows of the data's own table: which trials of a set are looked at together."""
    if set_ == "digits":
        yield "digits, same phrase", t["same"] == 1
        yield "digits, other phrase", t["same"] == 0
    elif set_ == "sentences":
        yield "sentences, 3 s", np.array(["_test3s" in p for p in t["probe"]])
        yield "sentences, all", np.ones(len(t["s"]), bool)
    else:
        yield set_, np.ones(len(t["s"]), bool)


BASELINE = {
    ("digits, same phrase", "tel"): "0.6/0/1.3",
    ("digits, same phrase", "var"): "1.9/5.1/10.9",
    ("digits, other phrase", "tel"): "0.7/0/10.3",
    ("digits, other phrase", "var"): "3.9/6.4/8.3",
    ("crowd", "var"): "1.1/0/12.7",
    ("sentences, 3 s", "tel"): "1.7/3.4/6.8",
}


def table(store, a, calibration):
    print("| set | condition | model | back end | EER | FRR at FAR 1 % | FRR at FAR 0.1 % | minDCF | Cllr | baseline |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for set_ in a.sets:
        for condition in ("tel", "var"):
            for model in a.models:
                found = store.embeddings(model, set_, condition, pad_ms=a.pad_ms, whole=a.no_trim)
                for nap, kind in ((0, "centre"), (8, "NAP8"), (8, "NAP8, LLR")):
                    t = trials(store.data, set_, found, Backend(a.backend, nap))
                    for name, mask in views(set_, t):
                        v = pick(t, mask)
                        l = llr(v, calibration)
                        f = figures(l if "LLR" in kind else v["s"], v["target"])
                        c = f"{cllr(l, v['target']):.3f}" if "LLR" in kind else "–"
                        cells = [name, condition, pathlib.Path(model).stem, kind]
                        cells += [f"{100 * f[k]:.1f}" for k in ("eer", "frr1", "frr01")] + [f"{f['mindcf']:.3f}", c]
                        print("| " + " | ".join(cells + [BASELINE.get((name, condition), "–")]) + " |", flush=True)


def calibration_report(store, a, calibration, thresholds):
    names = list(thresholds)
    print("| set | condition | targets / impostors | Cllr | min Cllr | " + " | ".join(f"FAR / FRR at {n}" for n in names) + " |")
    print("|---|---|---|---|---|" + "---|" * len(names))
    everything = []
    for set_ in a.sets:
        for condition in ("tel", "var"):
            found = store.embeddings(a.models[-1], set_, condition, pad_ms=a.pad_ms)
            t = trials(store.data, set_, found, Backend(a.backend))
            everything.append((set_, t))
            for name, mask in views(set_, t):
                line(name, condition, pick(t, mask), calibration, thresholds)
    pooled = {k: np.concatenate([t[k] for _, t in everything]) for k in everything[0][1]}
    line("pooled", "tel+var", pooled, calibration, thresholds)


def line(name, condition, v, calibration, thresholds):
    l, y = llr(v, calibration), v["target"]
    cells = [name, condition, f"{(y == 1).sum()} / {(y == 0).sum()}", f"{cllr(l, y):.3f}", f"{min_cllr(l, y):.3f}"]
    for at in thresholds.values():
        cells.append(f"{100 * (l[y == 0] >= at).mean():.2f} / {100 * (l[y == 1] < at).mean():.1f}")
    print("| " + " | ".join(cells) + " |", flush=True)


def takes_report(store, a):
    """Cosines between enrollment takes: of one instance, and of two speakers' instances of the same set and condition."""
    print("| set | condition | lowest of three, same speaker: min / 1 % / 2 % / 5 % | one take of another speaker: 95 % / 99 % | floor -> same fails / swap missed |")
    print("|---|---|---|---|---|")
    for set_ in a.sets:
        for condition in ("tel", "var"):
            found = store.embeddings(a.models[-1], set_, condition, pad_ms=a.pad_ms)
            back = Backend(a.backend)
            lines = [(r["model"].rsplit(".", 1)[0], [back(found[r[k]][0]) for k in ("take1", "take2", "take3")]) for r in rows(store.data / set_ / "enroll.tsv")]
            same, swap = take_cosines(lines)
            cells = [set_, condition, " / ".join(f"{np.quantile(same, q):.2f}" for q in (0, 0.01, 0.02, 0.05)), " / ".join(f"{np.quantile(swap, q):.2f}" for q in (0.95, 0.99))]
            cells.append("; ".join(f"{x:.2f}: {100 * (same < x).mean():.1f} / {100 * (swap >= x).mean():.1f}" for x in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)))
            print("| " + " | ".join(cells) + " |", flush=True)


def take_cosines(lines):
    """The lowest pairwise cosine of each triple, and of each triple with one take exchanged for another speaker's."""
    same, swap = [], []
    for speaker, takes in lines:
        t = np.array(takes)
        g = t @ t.T
        same.append(min(g[0, 1], g[0, 2], g[1, 2]))
        for other, theirs in lines:
            if other != speaker:
                for foreign in theirs:
                    swap.append(min(g[0, 1], t[0] @ foreign, t[1] @ foreign))
    return np.array(same), np.array(swap)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", required=True, type=pathlib.Path)
    p.add_argument("--models", nargs="+", default=[path for path in (HERE / "campplus.onnx", HERE / "campplus_int8.onnx") if path.exists()])
    p.add_argument("--backend", default=HERE / "campplus_backend.json")
    p.add_argument("--sets", nargs="+", default=["digits", "crowd", "sentences"])
    p.add_argument("--cache", default="/tmp/callprint-evaluate")
    p.add_argument("--pad-ms", type=int, default=200, help="margin kept before and after the speech")
    p.add_argument("--no-trim", action="store_true", help="keep silent ends")
    p.add_argument("--calibration", action="store_true")
    p.add_argument("--takes", action="store_true")
    a = p.parse_args()
    store, manifest = Store(a.data, a.cache), HERE / "manifest.toml"
    calibration, thresholds = PUBLISHED, {}
    if manifest.exists():
        m = next(m for m in tomllib.loads(manifest.read_text())["model"] if m["role"] == "speaker" and m["default"])
        calibration = {k: m["calibration"][k] for k in PUBLISHED}
        thresholds = {n: m["calibration"][k] for n, k in (("1 %", "llr_at_far_1pct"), ("0.1 %", "llr_at_far_0_1pct"), ("0.01 %", "llr_at_far_0_01pct"))}
    if a.calibration:
        calibration_report(store, a, calibration, thresholds)
    elif a.takes:
        takes_report(store, a)
    else:
        table(store, a, calibration)


if __name__ == "__main__":
    main()
