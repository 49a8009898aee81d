//! Voices that come from a browser are the ones that enrolled over the phone.

use callprint::audio::upload;
use callprint::config::AudioLimits;
use callprint::engine::{Bar, Claim};
use callprint::types::{Reason, Strictness, Verdict};
use callprint::vad::QualityLimits;

use crate::fixtures::{self, ENGINE};

const LIMITS: AudioLimits = AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };

const BAR: Bar = Bar {
    strictness: Strictness::Far001Pct,
    site: None,
    raised_by: 0.0,
    ask_again_within: 0.0,
    last_mismatch: false,
    last_bad_take: false,
};

/// Enrolled from takes 2 to 4, as the provider serves them: take 1 is what the browsers recorded.
fn enrolled(voice: &str) -> Claim {
    let takes = (2..=4).map(|n| fixtures::clip(&format!("{voice}_pass_{n}")));
    let takes = takes.map(|clip| ENGINE.examine(&clip, &QualityLimits::ENROLL).unwrap().enrolled().unwrap());
    Claim::of(ENGINE.enroll(takes.collect()).unwrap())
}

#[test]
fn a_voice_enrolled_over_the_phone_is_known_in_a_browser_and_another_is_not() {
    let anna = enrolled("anna");
    for (name, kind, expected) in [
        ("anna_chromium.webm", "audio/webm;codecs=opus", Verdict::Accept),
        ("anna_chromium_stereo.webm", "audio/webm;codecs=opus", Verdict::Accept),
        ("anna_firefox.ogg", "audio/ogg; codecs=opus", Verdict::Accept),
        ("anna_firefox_stereo.ogg", "audio/ogg; codecs=opus", Verdict::Accept),
        ("ben_chromium.webm", "audio/webm;codecs=opus", Verdict::Reject { reason: Reason::VoiceMismatch }),
        ("ben_firefox.ogg", "audio/ogg; codecs=opus", Verdict::Reject { reason: Reason::VoiceMismatch }),
    ] {
        let bytes = std::fs::read(fixtures::root().join("fixtures/audio/formats").join(name)).unwrap();
        let clip = upload::decode(&bytes, Some(kind), &LIMITS).unwrap();
        let take = ENGINE.examine(&clip, &QualityLimits::VERIFY).unwrap();
        let found = ENGINE.verify(&anna, &take, &BAR).unwrap();
        assert_eq!(found.verdict, expected, "{name}: {found:?}");
        println!("{name}: {:?} {:?}", found.signals.cosine, found.signals.llr);
    }
}

#[test]
fn a_voice_enrolled_in_a_browser_is_known_over_the_phone() {
    let recorded = |name: &str| {
        let bytes = std::fs::read(fixtures::root().join("fixtures/audio/formats").join(name)).unwrap();
        let clip = upload::decode(&bytes, None, &LIMITS).unwrap();
        ENGINE.examine(&clip, &QualityLimits::ENROLL).unwrap().enrolled().unwrap()
    };
    let names = ["anna_chromium.webm", "anna_firefox.ogg", "anna_firefox_stereo.ogg"];
    let anna = Claim::of(ENGINE.enroll(names.map(recorded).into()).unwrap());
    for (name, expected) in [
        ("anna_pass_5", Verdict::Accept),
        ("ben_pass_5", Verdict::Reject { reason: Reason::VoiceMismatch }),
        // What the browsers recorded, played over the phone.
        ("anna_pass_1", Verdict::Reject { reason: Reason::ReplaySuspected }),
    ] {
        let take = ENGINE.examine(&fixtures::clip(name), &QualityLimits::VERIFY).unwrap();
        let found = ENGINE.verify(&anna, &take, &BAR).unwrap();
        assert_eq!(found.verdict, expected, "{name}: {found:?}");
    }
}
