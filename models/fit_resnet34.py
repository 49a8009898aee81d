"""Fits what surrounds the second opinion: its centre, and what both models together say.

    python fit_resnet34.py --data DIR --backend    writes resnet34_backend.json
    python fit_resnet34.py --data DIR              share, weights and thresholds for manifest.toml, on split speakers

Needs: numpy, scipy, onnxruntime. DIR as for evaluate.py, and DIR/cohort: one clip of each of other speakers, in the same conditions.
Speakers whose numbers are also in DIR/crowd are left out of the centre.
"""

import argparse
import json
import pathlib

import numpy as np
from scipy.optimize import minimize

from evaluate import FITTED_S, HERE, Backend, Store, cllr, figures, min_cllr, rows, unit

FIRST, SECOND = HERE / "campplus_int8.onnx", HERE / "resnet34_int8.ort"
SETS, CONDITIONS = ("digits", "sentences", "crowd"), ("tel", "var")
SHARE = 0.4
ABOUT = (
    "Back end of WeSpeaker ResNet34 (256-d) for the phone front end: the mean embedding. No nuisance directions: they gained nothing. "
    "Derived from {n} LibriSpeech speakers (CC BY 4.0)."
)


# --- centre ------------------------------------------------------------------------------------------------------------


def cohort(store, condition):
    """Raw embeddings of speakers who are not in `crowd`, in the order of their numbers."""
    scored = {r["model"].split("_")[1].split(".")[0] for r in rows(store.data / "crowd" / "enroll.tsv")}
    found = store.embeddings(SECOND, "cohort", condition)
    return np.array([e for name, (e, _) in sorted(found.items()) if name.split("_")[1] not in scored])


def write_backend(store):
    clips = [cohort(store, condition) for condition in CONDITIONS]
    centre = np.concatenate(clips).mean(axis=0)
    text = json.dumps({"about": ABOUT.format(n=len(clips[0])), "centre": np.round(centre.astype(np.float64), 6).tolist(), "nuisance": []})
    (HERE / "resnet34_backend.json").write_text(text.replace(', "', ',\n "').replace("{", "{\n ", 1).replace("}", "\n}") + "\n")


# --- trials of both models ---------------------------------------------------------------------------------------------


def joined(store, set_, condition, share):
    """{file: (both models' embeddings as one of unit length, how long the voice was heard in s)}"""
    backs = Backend(HERE / "campplus_backend.json"), Backend(HERE / "resnet34_backend.json")
    first, second = (store.embeddings(model, set_, condition) for model in (FIRST, SECOND))
    both = lambda n: np.concatenate([np.sqrt(1 - share) * backs[0](first[n][0]), np.sqrt(share) * backs[1](second[n][0])])  # noqa: E731
    return {n: (both(n), first[n][1]) for n in first}


def trials(store, set_, condition, share=SHARE):
    """Columns: score, ln of the time heard, take agreement, target, same phrase; and claimed and real speaker."""
    z, voiceprints, out, who = joined(store, set_, condition, share), {}, [], []
    for r in rows(store.data / set_ / "enroll.tsv"):
        names = tuple(r[k] for k in ("take1", "take2", "take3"))
        takes = np.array([z[n][0] for n in names])
        g = takes @ takes.T
        voiceprints.setdefault(r["model"], {})[names] = (unit(takes.mean(axis=0)), (g[0, 1] + g[0, 2] + g[1, 2]) / 3)
    for t in {(r["model"], r["probe"]): r for r in rows(store.data / set_ / "trials.tsv")}.values():
        probe, heard = z[t["probe"]]
        for mean, agreement in voiceprints[t["model"]].values():
            out.append((mean @ probe, np.log(np.clip(heard, *FITTED_S)), agreement, int(t["target"]), int(t["same_phrase"])))
            who.append(("_".join(t["model"].split(".")[0].split("_")[:2]), "_".join(t["probe"].split("_")[:2])))
    return np.array(out), np.array(who)


# --- weights -----------------------------------------------------------------------------------------------------------


def design(x):
    """What the weights are for: score, ln heard, agreement, score x ln heard, one."""
    return np.column_stack([x[:, :3], x[:, 0] * x[:, 1], np.ones(len(x))])


def fit(x, target, weight, l2=1e-7):
    """Logistic regression with each trial's weight, prior one half, and a slight pull to zero of the standardised weights."""
    d, sign = design(x), 2 * target - 1
    mean, spread = d[:, :-1].mean(axis=0), d[:, :-1].std(axis=0)
    z = np.column_stack([(d[:, :-1] - mean) / spread, d[:, -1]])

    def cost(w):
        margin = sign * (z @ w)
        p = 1 / (1 + np.exp(np.clip(margin, -60, 60)))
        return (weight * np.logaddexp(0, -margin)).sum() + l2 * (w @ w), -(z.T @ (weight * sign * p)) + 2 * l2 * w

    w = minimize(cost, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 5000}).x
    return np.append(w[:-1] / spread, w[-1] - (w[:-1] / spread * mean).sum())


def balanced(groups, target):
    """Each set and condition weighs the same, and in it the targets as much as the impostors."""
    weight, names = np.zeros(len(target)), np.unique(groups)
    for group in names:
        for kind in (0, 1):
            mask = (groups == group) & (target == kind)
            weight[mask] = 0.5 / max(mask.sum(), 1) / len(names)
    return weight


def crossed(x, target, groups, who, folds=4):
    """Ratios by weights that have seen neither of a trial's speakers."""
    speakers = np.unique(who)
    fold = dict(zip(np.random.default_rng(7).permutation(speakers), np.arange(len(speakers)) % folds))
    at, ratio = np.array([[fold[a], fold[b]] for a, b in who]), np.full(len(x), np.nan)
    for k in range(folds):
        for other in range(k, folds):
            test = ((at[:, 0] == k) & (at[:, 1] == other)) | ((at[:, 1] == k) & (at[:, 0] == other))
            train = ~np.isin(at, (k, other)).any(axis=1)
            if test.any():
                ratio[test] = design(x[test]) @ fit(x[train], target[train], balanced(groups[train], target[train]))
    return ratio


def without_set(x, target, groups):
    """Ratios by weights that have not seen a trial's set."""
    sets, ratio = np.array([g.split("/")[0] for g in groups]), np.full(len(x), np.nan)
    for set_ in np.unique(sets):
        test = sets == set_
        ratio[test] = design(x[test]) @ fit(x[~test], target[~test], balanced(groups[~test], target[~test]))
    return ratio


# --- thresholds --------------------------------------------------------------------------------------------------------

GRID = np.arange(-4, 12, 0.05)
LEAST_S = 1.2  # shorter probes are held to the same thresholds, but do not set them
NOMINAL = (0.01, 0.001)


def thresholds(ratio, target, groups, heard, weight=None):
    """Where the mean false-accept rate of the sets and conditions is as wanted."""
    weight, far = np.ones(len(ratio)) if weight is None else weight, []
    for group in np.unique(groups):
        mask = (groups == group) & (target == 0) & (heard >= LEAST_S)
        order = np.argsort(ratio[mask])
        above = np.append(0, np.cumsum(weight[mask][order]))
        if above[-1] > 0:
            far.append(1 - above[np.searchsorted(ratio[mask][order], GRID)] / above[-1])
    return [GRID[np.argmax(np.mean(far, axis=0) <= nominal)] for nominal in NOMINAL]


def resampled(ratio, target, groups, heard, who, times=200):
    """5 % and 95 % of the thresholds when speakers are drawn anew."""
    rng, speakers, found = np.random.default_rng(3), np.unique(who), []
    for _ in range(times):
        drawn = dict(zip(*np.unique(rng.choice(speakers, len(speakers)), return_counts=True)))
        weight = np.array([drawn.get(a, 0) * drawn.get(b, 0) for a, b in who], float)
        found.append(thresholds(ratio, target, groups, heard, weight))
    return np.percentile(found, [5, 95], axis=0)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", required=True, type=pathlib.Path)
    p.add_argument("--cache", default="/tmp/callprint-evaluate")
    p.add_argument("--backend", action="store_true")
    p.add_argument("--share", type=float, default=SHARE)
    p.add_argument("--at", type=float, nargs=3, default=[-1, 2.4, 5.2], help="thresholds to report on")
    a = p.parse_args()
    store = Store(a.data, a.cache)
    if a.backend:
        return write_backend(store)
    parts = {(s, c): trials(store, s, c, a.share) for s in SETS for c in CONDITIONS}
    x, who = np.concatenate([t for t, _ in parts.values()]), np.concatenate([w for _, w in parts.values()])
    groups = np.concatenate([[f"{s}/{c}"] * len(t) for (s, c), (t, _) in parts.items()])
    target, heard = x[:, 3], np.exp(x[:, 1])
    w = fit(x, target, balanced(groups, target))
    print("score %.2f, ln heard %.2f, agreement %.2f, score x ln heard %.2f, offset %.2f" % tuple(w))
    kinds = {"all": design(x) @ w, "unseen speakers": crossed(x, target, groups, who), "unseen set": without_set(x, target, groups)}
    for kind, ratio in kinds.items():
        print(kind)
        for name in [*np.unique(groups), "pooled"]:
            g = (groups == name) | (name == "pooled")
            y, r = target[g], ratio[g]
            f = figures(r, y)
            rates = " ".join(f"{t:g}: {100 * (r[y == 0] >= t).mean():.2f}/{100 * (r[y == 1] < t).mean():.1f}" for t in a.at)
            print(f"  {name:14} {100 * f['eer']:.2f} / {100 * f['frr1']:.1f} / {100 * f['frr01']:.1f}  Cllr {cllr(r, y):.4f} min {min_cllr(r, y):.4f}  FAR/FRR at {rates}")
    print("thresholds for FAR 1 and 0.1 %%: %.2f %.2f" % tuple(thresholds(kinds["all"], target, groups, heard)))
    print("speakers drawn anew, 5 and 95 %:", resampled(kinds["all"], target, groups, heard, who).round(2).tolist())


if __name__ == "__main__":
    main()
