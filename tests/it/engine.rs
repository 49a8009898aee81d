use callprint::engine::{Bar, Take, Voice};
use callprint::scoring::{Embedding, ModelId, TakePrint, Voiceprint};
use callprint::types::{Clip16k, Reason, Strictness, Verdict};
use callprint::vad::QualityLimits;

use crate::fixtures::{self, ENGINE};

const VOICES: [&str; 10] = ["anna", "ben", "carla", "dave", "emma", "frank", "grace", "hugo", "ivan", "jack"];

fn enrollment_take(name: &str) -> TakePrint {
    ENGINE.examine(&fixtures::clip(name), &QualityLimits::ENROLL).unwrap().print().unwrap()
}

fn voiceprint(voice: &str) -> Voiceprint {
    let takes: Vec<_> = (1..=3).map(|n| enrollment_take(&format!("{voice}_pass_{n}"))).collect();
    ENGINE.enroll(&takes).unwrap()
}

fn probe(clip: &Clip16k) -> Take {
    ENGINE.examine(clip, &QualityLimits::VERIFY).unwrap()
}

fn retry(reason: Reason) -> Verdict {
    Verdict::Retry { reason }
}

#[test]
fn each_voice_is_accepted_as_itself_and_as_nobody_else() {
    let voiceprints = VOICES.map(voiceprint);
    let bar = Bar { strictness: Strictness::Far001Pct, ..Bar::default() };
    for voice in VOICES {
        let take = probe(&fixtures::clip(&format!("{voice}_pass_5")));
        for (enrolled, voiceprint) in VOICES.iter().zip(&voiceprints) {
            let found = ENGINE.verify(Some(voiceprint), &take, &bar);
            let expected = if *enrolled == voice { Verdict::Accept } else { retry(Reason::VoiceMismatch) };
            assert_eq!(found.verdict, expected, "{voice} as {enrolled}: {found:?}");
            assert!(found.signals.cosine.is_some() && found.signals.llr.is_some());
        }
    }
}

#[test]
fn takes_of_two_voices_make_no_voiceprint() {
    let takes = ["anna_pass_1", "anna_pass_2", "ben_pass_1"].map(enrollment_take);
    assert_eq!(ENGINE.enroll(&takes), Err(Reason::TakesDiffer));
    assert_eq!(ENGINE.enroll(&[]), Err(Reason::Unavailable));
}

#[test]
fn what_another_model_made_is_neither_enrolled_nor_compared() {
    let other = ModelId::from("another-model");
    let values = enrollment_take("anna_pass_1").embedding.values().to_vec();
    let take = TakePrint { embedding: Embedding::unit(other, values).unwrap(), net_speech_ms: 2000 };
    assert_eq!(ENGINE.enroll(std::slice::from_ref(&take)), Err(Reason::Unavailable));
    let voiceprint = Voiceprint::new(vec![take]).unwrap();
    let found = ENGINE.verify(Some(&voiceprint), &probe(&fixtures::clip("anna_pass_1")), &Bar::default());
    assert_eq!(found.verdict, Verdict::Reject { reason: Reason::Unavailable });
    assert_eq!((found.signals.cosine, found.signals.llr), (None, None));
}

#[test]
fn an_account_without_a_voiceprint_answers_like_one_with_another_voice() {
    let take = probe(&fixtures::clip("anna_pass_1"));
    assert_eq!(ENGINE.verify(None, &take, &Bar::default()).verdict, retry(Reason::VoiceMismatch));
}

#[test]
fn a_poor_recording_has_a_reason_and_no_voice() {
    let silence = Clip16k::new(vec![0.0; 48_000]);
    let whisper = |gain: f32| {
        let clip = fixtures::clip("anna_pass_1");
        Clip16k::new(clip.samples().iter().map(|sample| (sample * gain).clamp(-1.0, 1.0)).collect::<Vec<_>>())
    };
    let start = |samples: usize| Clip16k::new(&fixtures::clip("anna_pass_1").samples()[..samples]);
    let table = [
        (silence, Reason::NoSpeech),
        (start(0), Reason::NoSpeech),
        // −56 dBFS; below −58 speech is lost in the noise that the detector hears under everything.
        (whisper(0.03), Reason::TooQuiet),
        (whisper(40.0), Reason::Clipped),
    ];
    let anna = voiceprint("anna");
    for (clip, reason) in table {
        let take = probe(&clip);
        assert_eq!((take.fault(), take.print()), (Some(reason), None), "{take:?}");
        let found = ENGINE.verify(Some(&anna), &take, &Bar::default());
        assert_eq!(found.verdict, retry(reason));
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<callprint::engine::Assessment>(&json).unwrap(), found, "{json}");
    }
}

#[test]
fn a_long_take_is_scored_by_its_first_ten_seconds() {
    let once = fixtures::clip("anna_pass_4");
    let repeated = |times: usize| Clip16k::new(once.samples().repeat(times));
    let anna = voiceprint("anna");
    let score = |times| ENGINE.verify(Some(&anna), &probe(&repeated(times)), &Bar::default()).signals;
    let (four, eight) = (score(4), score(8));
    assert_eq!(four.cosine, eight.cosine);
    assert!(eight.quality.net_speech_ms > four.quality.net_speech_ms);
}

#[test]
fn takes_of_one_call_say_more_together_than_alone() {
    let (anna, carla) = (voiceprint("anna"), voiceprint("carla"));
    let voices = ["anna_pass_4", "anna_pass_5"].map(|name| probe(&fixtures::clip(name)).voice.unwrap());
    let together = Voice::together(&voices).unwrap();
    assert_eq!(together.heard_ms, voices[0].heard_ms + voices[1].heard_ms);
    let cosine = |print, voice| ENGINE.score(print, voice).unwrap().0.0;
    let alone = voices.each_ref().map(|voice| cosine(&anna, voice));
    assert!(cosine(&anna, &together) > (alone[0] + alone[1]) / 2.0);
    assert!(cosine(&carla, &together) < 0.4);
    let one = Voice::together(&voices[..1]).unwrap();
    assert!(one.embedding.cosine(&voices[0].embedding).unwrap().0 > 0.9999 && one.heard_ms == voices[0].heard_ms);
    assert_eq!(Voice::together(&[]), None);
    let foreign = Embedding::unit(ModelId::from("another-model"), vec![1.0]).unwrap();
    assert_eq!(Voice::together(&[voices[0].clone(), Voice { embedding: foreign, heard_ms: 1 }]), None);
}

#[test]
fn a_second_opinion_is_heard_but_in_conversations() {
    let print = voiceprint("anna");
    assert_eq!(print.model().as_str(), "campplus-zh-en-192-int8-v1+resnet34-voxceleb-256-int8-v1");
    let speaker = fixtures::LIBRARY.speaker();
    let alone = print.first_of(&speaker.id, speaker.backend.dimension()).unwrap();
    assert_eq!(alone.model(), &speaker.id);
    assert_eq!(alone.takes().len(), print.takes().len());
    assert!(alone.agreement().min >= speaker.least_agreement);
}

#[test]
fn rate_does_not_matter_once_a_recording_is_a_clip() {
    let line = fixtures::clip("anna_pass_4");
    let microphone = Clip16k::new(line.samples());
    let (one, other) = (probe(&line).voice.unwrap(), probe(&microphone).voice.unwrap());
    assert!(one.embedding.cosine(&other.embedding).unwrap().0 > 0.99);
}
