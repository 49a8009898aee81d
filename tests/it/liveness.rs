use std::f64::consts::TAU;

use callprint::liveness::Fingerprint;
use callprint::types::{Clip16k, Llr};

use crate::fixtures::{self, ENGINE};

fn fingerprint(name: &str) -> Fingerprint {
    ENGINE.fingerprint_clip(&fixtures::clip(name)).unwrap().0
}

#[test]
fn a_take_heard_before_is_known_again_and_a_fresh_one_is_not() {
    // What the store keeps: bytes.
    let kept: Vec<_> = (1..=3).map(|n| fingerprint(&format!("ben_pass_{n}")).to_bytes()).collect();
    let kept: Vec<_> = kept.iter().map(|bytes| Fingerprint::from_bytes(bytes).unwrap()).collect();
    let again = ENGINE.replay(&fingerprint("ben_pass_2"), &kept).unwrap();
    assert!(again.is_replay() && again.llr < Llr(-10.0), "{again:?}");
    for fresh in ["ben_pass_4", "ben_pass_5", "ben_pass_6", "ben_other_1", "hugo_pass_1"] {
        let score = ENGINE.replay(&fingerprint(fresh), &kept).unwrap();
        assert!(!score.is_replay(), "{fresh}: {score:?}");
    }
    assert_eq!(ENGINE.replay(&kept[0], []), None);
}

/// The golden signal, from its formula in `models/make_aasist.py`.
fn chirp(window: usize) -> Vec<f32> {
    let mut noise = 12_345_u32;
    let raw: Vec<f32> = (0..window)
        .map(|n| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let t = n as f64 / 16_000.0;
            let phase = TAU * (110.0 * t + 6.0 * t * t);
            let buzz: f64 = (1..12).map(|k| (f64::from(k) * phase).sin() / f64::from(k)).sum();
            let hiss = (f64::from(noise >> 16) / 32_768.0 - 1.0) * 0.01;
            (0.25 * buzz * (0.6 + 0.4 * (TAU * 3.0 * t).sin()) + hiss) as f32
        })
        .collect();
    let peak = raw.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    raw.iter().map(|sample| sample / peak).collect()
}

#[test]
fn the_synthetic_score_is_what_another_program_computes() {
    let golden = fixtures::vectors("aasist_golden");
    let signal = chirp(usize::try_from(golden["window"].as_u64().unwrap()).unwrap());
    for (ours, wanted) in signal.iter().zip(golden["first16"].as_array().unwrap()) {
        assert!((f64::from(*ours) - wanted.as_f64().unwrap()).abs() < 1e-5);
    }
    let logit = |at: usize| golden["logits"][at].as_f64().unwrap();
    let found = fixtures::LIBRARY.spoof_logit(&Clip16k::new(signal)).unwrap();
    let wanted = logit(1) - logit(0);
    assert!((f64::from(found) - wanted).abs() < 0.02, "{found}, expected {wanted}");
}

#[test]
fn nothing_to_hear_is_no_person() {
    let error = fixtures::LIBRARY.spoof_logit(&Clip16k::new(Vec::new())).unwrap_err();
    assert_eq!(error.code(), "inference_failed");
}

#[test]
fn the_synthetic_score_warns_a_little_and_never_speaks_for_anybody() {
    for voice in ["ben", "carla", "jack"] {
        let clip = fixtures::clip(&format!("{voice}_pass_1"));
        let (_, speech) = ENGINE.fingerprint_clip(&clip).unwrap();
        let score = ENGINE.spoof(&clip, &speech).unwrap();
        assert!((-callprint::engine::SPOOF_WEIGHT..=0.0).contains(&score.llr.0), "{voice}: {score:?}");
    }
}
