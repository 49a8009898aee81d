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


def fit(x, target, weight, l2=1e-4):
    """Logistic regression with each trial's weight, prior one half; a slight pull to zero. Returns [score, lnT, agreement, offset]."""
    design = np.column_stack([x, np.ones(len(x))])
    sign = 2 * target - 1

    def cost(w):
        margin = sign * (design @ w)
        p = 1 / (1 + np.exp(np.clip(margin, -60, 60)))
        return (weight * np.logaddexp(0, -margin)).sum() + l2 * (w[:-1] ** 2).sum() / 2, -(design.T @ (weight * sign * p)) + l2 * np.append(w[:-1], 0)

    return minimize(cost, np.array([30.0, -4.0, -8.0, -4.0]), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x


def balanced(groups, target):
    """Each set and condition weighs the same, and in it the targets as much as the impostors."""
    weight = np.zeros(len(target))
    for group in np.unique(groups):
        for kind in (0, 1):
            mask = (groups == group) & (target == kind)
            weight[mask] = 0.5 / mask.sum() / len(np.unique(groups))
    return weight


def crossed(x, target, groups, who, folds=5):
    """Ratios of trials between speakers who were both left out of the fit."""
    speakers = np.unique(who)
    fold = dict(zip(np.random.default_rng(7).permutation(speakers), np.arange(len(speakers)) % folds))
    at = np.array([[fold[a], fold[b]] for a, b in who])
    llr = np.full(len(x), np.nan)
    for k in range(folds):
        # A trial is judged by weights that have seen neither of its speakers.
        for other in range(k, folds):
            test = ((at[:, 0] == k) & (at[:, 1] == other)) | ((at[:, 1] == k) & (at[:, 0] == other))
            train = ~np.isin(at, (k, other)).any(axis=1)
            if test.any():
                w = fit(x[train], target[train], balanced(groups[train], target[train]))
                llr[test] = np.column_stack([x[test], np.ones(test.sum())]) @ w
    return llr


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", required=True, type=pathlib.Path)
    p.add_argument("--cache", default="/tmp/callprint-evaluate")
    p.add_argument("--backend", action="store_true")
    p.add_argument("--share", type=float, default=SHARE)
    a = p.parse_args()
    store = Store(a.data, a.cache)
    if a.backend:
        return write_backend(store)
    parts = {(s, c): trials(store, s, c, a.share) for s in SETS for c in CONDITIONS}
    x = np.concatenate([t[:, :3] for t, _ in parts.values()])
    target = np.concatenate([t[:, 3] for t, _ in parts.values()])
    who = np.concatenate([w for _, w in parts.values()])
    groups = np.concatenate([[f"{s}/{c}"] * len(t) for (s, c), (t, _) in parts.items()])
    w = fit(x, target, balanced(groups, target))
    ratio, unseen = np.column_stack([x, np.ones(len(x))]) @ w, crossed(x, target, groups, who)
    print("weights: score %.2f, ln heard %.2f, agreement %.2f, offset %.2f" % tuple(w))
    heard = np.exp(x[:, 1])
    for name in np.unique(groups):
        g = groups == name
        f, n = figures(ratio[g], target[g]), ~np.isnan(unseen) & g
        print(f"{name:14} EER {100 * f['eer']:.2f} FRR {100 * f['frr1']:.1f} {100 * f['frr01']:.1f}  Cllr {cllr(ratio[g], target[g]):.4f} min {min_cllr(ratio[g], target[g]):.4f}  unseen speakers: Cllr {cllr(unseen[n], target[n]):.4f} min {min_cllr(unseen[n], target[n]):.4f}")
    print(f"pooled: Cllr {cllr(ratio, target):.4f} min {min_cllr(ratio, target):.4f}; unseen {cllr(unseen, target):.4f} min {min_cllr(unseen, target):.4f}")
    thresholds(ratio, target, groups, heard)


def thresholds(ratio, target, groups, heard):
    """Where the mean false-accept rate of the sets and conditions is as wanted, for probes of at least 1.2 s."""
    grid = np.arange(-4, 12, 0.05)
    impostors = [np.sort(ratio[(groups == g) & (target == 0) & (heard >= 1.2)]) for g in np.unique(groups)]
    far = np.mean([1 - np.searchsorted(i, grid) / len(i) for i in impostors], axis=0)
    for nominal in (0.01, 0.003, 0.001, 0.0003):
        print(f"mean FAR {100 * nominal:g} % at {grid[np.argmax(far <= nominal)]:.2f}")


if __name__ == "__main__":
    main()
