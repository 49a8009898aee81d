"""The phone front end in numpy: 8 kHz PCM -> the features that CAM++ is given.

This is the outside reference for the Rust code in `src/features/`; it shares nothing with it.
`python reference_frontend.py` checks it against kaldi-native-fbank, a second implementation by other people.

Needs: numpy; for the check also kaldi-native-fbank (1.22.5).

The recipe, all at 8 kHz:

* frames of 25 ms (200 samples) every 10 ms (80 samples), only whole frames ("snip edges"), no dither;
* per frame: subtract the mean; pre-emphasis 0.97, the first sample against itself; Povey window (symmetric Hann ** 0.85);
* power spectrum of a 256-point FFT;
* Kaldi mel triangles, 80 of them laid over 20-8000 Hz as for 16 kHz audio; the first 59 (up to 3.86 kHz) are used, the rest stay zero;
* add 1e-4 of the mean energy over all frames and the 59 bins (a floor of -40 dB), natural logarithm;
* subtract each bin's mean over the utterance. No variance normalisation.
"""

import numpy as np

RATE = 8000
FRAME = 200  # 25 ms
SHIFT = 80  # 10 ms
FFT = 256
PREEMPHASIS = 0.97
MEL_BINS = 80
MEL_LOW_HZ = 20.0
MEL_HIGH_HZ = 8000.0
BINS_USED = 59
FLOOR_RATIO = 1e-4
EPSILON = float(np.finfo(np.float32).eps)  # Kaldi's guard for log(0), in the scale of 16-bit samples


def mel(hz):
    return 1127.0 * np.log(1.0 + np.asarray(hz, dtype=np.float64) / 700.0)


def mel_weights():
    """Triangles [BINS_USED, FFT/2]: linear in mel, evaluated at each FFT bin's centre. The Nyquist bin has no weight."""
    edges = np.linspace(mel(MEL_LOW_HZ), mel(MEL_HIGH_HZ), MEL_BINS + 2)
    at = mel(np.arange(FFT // 2) * RATE / FFT)
    left, centre, right = (edges[i : i + BINS_USED, None] for i in range(3))
    return np.maximum(0.0, np.minimum((at - left) / (centre - left), (right - at) / (right - centre)))


def povey_window():
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))) ** 0.85


def energies(pcm):
    """Mel energies [frames, BINS_USED] of 16-bit samples (the scale matters only for EPSILON)."""
    x = np.asarray(pcm, dtype=np.float64)
    if len(x) < FRAME:
        return np.zeros((0, BINS_USED))
    count = 1 + (len(x) - FRAME) // SHIFT
    frames = x[np.arange(count)[:, None] * SHIFT + np.arange(FRAME)[None, :]]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - PREEMPHASIS * before) * povey_window()
    power = np.abs(np.fft.rfft(frames, FFT, axis=1)) ** 2
    return power[:, : FFT // 2] @ mel_weights().T


def log_mel(pcm, floor_ratio=FLOOR_RATIO):
    """Log-mel energies [frames, BINS_USED] before the mean is subtracted; `floor_ratio=0` is plain Kaldi."""
    e = energies(pcm)
    if e.size == 0:
        return e
    return np.log(e + floor_ratio * e.mean()) if floor_ratio > 0 else np.log(np.maximum(e, EPSILON))


def features(pcm, floor_ratio=FLOOR_RATIO):
    """What the model is given: float32 [frames, 80], bins 59..80 zero."""
    logs = log_mel(pcm, floor_ratio)
    out = np.zeros((len(logs), MEL_BINS), dtype=np.float32)
    if len(logs):
        out[:, :BINS_USED] = logs - logs.mean(axis=0)
    return out


def synthetic_pcm(samples=24000):
    """The deterministic test signal: a swept tone, amplitude-modulated, with noise from a linear congruential generator."""
    t = np.arange(samples) / RATE
    noise, state = np.empty(samples), 12345
    for i in range(samples):
        state = (state * 1664525 + 1013904223) % 2**32
        noise[i] = (state >> 16) - 32768
    tone = 6000 * np.sin(2 * np.pi * (300 * t + 450 * t * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    return np.round(tone + noise / 64).astype(np.int64)


def outside_energies(pcm):
    """The same mel energies from kaldi-native-fbank.

    Kaldi refuses triangles above half the rate; 59 bins up to the upper edge of the 59th of 80 are the same triangles.
    """
    import kaldi_native_fbank as knf

    step = (mel(MEL_HIGH_HZ) - mel(MEL_LOW_HZ)) / (MEL_BINS + 1)
    top = 700.0 * (np.exp((mel(MEL_LOW_HZ) + (BINS_USED + 1) * step) / 1127.0) - 1.0)
    o = knf.FbankOptions()
    o.frame_opts.samp_freq = RATE
    o.frame_opts.dither = 0
    o.frame_opts.snip_edges = True
    o.frame_opts.window_type = "povey"
    o.frame_opts.preemph_coeff = PREEMPHASIS
    o.mel_opts.num_bins = BINS_USED
    o.mel_opts.low_freq = MEL_LOW_HZ
    o.mel_opts.high_freq = float(top)
    o.use_log_fbank = False
    fbank = knf.OnlineFbank(o)
    fbank.accept_waveform(RATE, [float(v) for v in pcm])
    fbank.input_finished()
    return np.array([fbank.get_frame(i) for i in range(fbank.num_frames_ready)], dtype=np.float64)


def main():
    pcm = synthetic_pcm()
    ours, theirs = energies(pcm), outside_energies(pcm)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    plain = np.abs(np.log(ours) - np.log(theirs)).max()
    floor = np.abs(np.log(ours + FLOOR_RATIO * ours.mean()) - np.log(theirs + FLOOR_RATIO * theirs.mean())).max()
    print(f"{ours.shape[0]} frames; largest difference from kaldi-native-fbank: plain log {plain:.2e}, with floor {floor:.2e}")
    assert plain < 1e-3 and floor < 1e-4


if __name__ == "__main__":
    main()
