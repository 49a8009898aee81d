//! Learning over many sessions, with voices drawn at random: each take is its speaker's direction and noise.

use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// As many as the default model's embeddings have.
const VALUES: usize = 192;

/// Length of what two takes of a speaker differ by: their cosine is then 0.64, as in `sentences`/`var`.
const NOISE: f32 = 0.75;

/// Cosines that the default model's line accepts at 0.1 %, and clearly.
const ACCEPTED: f32 = 0.56;
const CLEARLY: f32 = 0.65;

struct World(SmallRng);

impl World {
    fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// Twelve uniform numbers make one that is nearly normal.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.0.random::<f32>()).sum::<f32>() - 6.0
    }

    fn direction(&mut self) -> Embedding {
        let values = (0..VALUES).map(|_| self.normal()).collect();
        Embedding::unit("m".into(), values).unwrap()
    }

    /// At this cosine to another direction.
    fn near(&mut self, other: &Embedding, cosine: f32) -> Embedding {
        let beside = self.direction();
        let along = other.cosine(&beside).unwrap().0;
        let across: Vec<f32> = beside.values().iter().zip(other.values()).map(|(b, o)| b - along * o).collect();
        let across = Embedding::unit("m".into(), across).unwrap();
        let sine = (1.0 - cosine * cosine).sqrt();
        let values = other.values().iter().zip(across.values()).map(|(o, a)| cosine * o + sine * a).collect();
        Embedding::unit("m".into(), values).unwrap()
    }

    fn take(&mut self, voice: &Embedding) -> Embedding {
        let scale = NOISE / (VALUES as f32).sqrt();
        let values = voice.values().iter().map(|value| value + scale * self.normal()).collect();
        Embedding::unit("m".into(), values).unwrap()
    }

    fn enrolled(&mut self, voice: &Embedding) -> Embedding {
        let sum = (0..3).map(|_| self.take(voice)).fold(vec![0.0; VALUES], |mut sum: Vec<f32>, take| {
            sum.iter_mut().zip(take.values()).for_each(|(sum, value)| *sum += value);
            sum
        });
        Embedding::unit("m".into(), sum).unwrap()
    }
}

/// A caller's server: what clearly fits the original takes is learned.
struct Ear {
    original: Embedding,
    learned: Option<Learned>,
    day: i32,
}

impl Ear {
    fn new(original: Embedding) -> Self {
        Self { original, learned: None, day: 0 }
    }

    /// Scores of a take against the original voiceprint, and against the adapted one.
    fn hear(&mut self, take: &Embedding) -> (f32, f32) {
        self.day += 1;
        let plain = self.original.cosine(take).unwrap().0;
        let adapted = match &self.learned {
            Some(learned) => learned.adapt(&self.original).unwrap().cosine(take).unwrap().0,
            None => plain,
        };
        if plain >= CLEARLY {
            let take = vec![take.clone()];
            self.learned = Some(match &self.learned {
                Some(learned) => learned.after(&take, self.day).unwrap().unwrap(),
                None => Learned::first(take, self.day),
            });
        }
        (plain, adapted)
    }
}

#[test]
fn accuracy_rises_over_twenty_sessions_of_drift() {
    let (mut plain, mut adapted, mut worse) = (0.0, 0.0, 0);
    for seed in 0..50 {
        let mut world = World::new(seed);
        let voice = world.direction();
        let mut ear = Ear::new(world.enrolled(&voice));
        let aside = world.near(&voice, 0.0);
        let mut sums = (0.0, 0.0);
        for session in 0..20 {
            // Twenty sessions take the voice to a cosine of 0.87 to where it was.
            let turn = 0.03 * session as f32;
            let values = voice.values().iter().zip(aside.values()).map(|(v, a)| v + turn * a).collect();
            let take = world.take(&Embedding::unit("m".into(), values).unwrap());
            let (without, with) = ear.hear(&take);
            if session >= 15 {
                sums = (sums.0 + without, sums.1 + with);
            }
        }
        (plain, adapted) = (plain + sums.0 / 5.0, adapted + sums.1 / 5.0);
        worse += u32::from(sums.1 < sums.0);
    }
    let (plain, adapted) = (plain / 50.0, adapted / 50.0);
    println!("mean cosine of the last five of twenty sessions: {plain:.3} without learning, {adapted:.3} with it");
    assert!(adapted > plain + 0.04 && worse == 0, "{plain:.3}, {adapted:.3}, {worse} of 50 worse");
}

#[test]
fn a_patient_impostor_cannot_walk_the_voiceprint_over() {
    // Cosine of the two speakers; shares of 200 first and 200 last attempts that pass may differ by so much.
    for (alike, at_most) in [(0.5, 0.001), (0.65, 0.01), (0.7, 0.03)] {
        let (mut early, mut late) = (0, 0);
        for seed in 0..30 {
            let mut world = World::new(seed);
            let voice = world.direction();
            let mut ear = Ear::new(world.enrolled(&voice));
            let impostor = world.near(&voice, alike);
            for attempt in 0..400 {
                let take = world.take(&impostor);
                let passes = u32::from(ear.hear(&take).1 >= ACCEPTED);
                if attempt < 200 { early += passes } else { late += passes }
            }
        }
        let (early, late) = (early as f32 / 6_000.0, late as f32 / 6_000.0);
        println!(
            "an impostor at a cosine of {alike}: {early:.4} of the first 200 attempts pass, {late:.4} of the last"
        );
        assert!(late <= early + at_most, "at {alike}: {early:.4}, then {late:.4}");
    }
}

#[test]
fn nothing_changes_by_one_day_and_the_original_is_never_left() {
    let mut world = World::new(1);
    let original = world.direction();
    let other = world.near(&original, 0.3);
    let mut learned = Learned::first(vec![other.clone()], 10);
    assert!(learned.progress() == 0.0 && learned.adapt(&original).unwrap().cosine(&original).unwrap().0 > 0.999_99);
    assert_eq!(learned.after(std::slice::from_ref(&other), 10), Ok(None), "a second take of a day");
    for day in 11..200 {
        learned = learned.after(std::slice::from_ref(&other), day).unwrap().unwrap();
        assert!(learned.adapt(&original).unwrap().cosine(&original).unwrap().0 >= NEAR - 1e-6);
    }
    assert!((learned.progress() - 1.0).abs() < 1e-6);
}

#[test]
fn voices_of_other_models_are_not_mixed_in() {
    let mut world = World::new(2);
    let (one, two) = (world.direction(), Embedding::unit("n".into(), vec![1.0; VALUES]).unwrap());
    let learned = Learned::first(vec![one], 1);
    assert_eq!(learned.after(std::slice::from_ref(&two), 2).unwrap_err().code(), "score_model_mismatch");
    assert_eq!(learned.adapt(&two).unwrap_err().code(), "score_model_mismatch");
}

#[test]
fn the_byte_form_comes_back_and_nothing_else_is_taken() {
    let mut world = World::new(3);
    let learned = Learned::first(vec![world.direction(), Embedding::unit("n".into(), vec![1.0, 0.0]).unwrap()], -3);
    let bytes = learned.to_bytes();
    assert_eq!(Learned::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    for end in 0..bytes.len() {
        assert_eq!(Learned::from_bytes(&bytes[..end]).unwrap_err().code(), "score_format", "cut at {end}");
    }
    assert!(Learned::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Learned::from_bytes(&bytes);
        let _ = Learned::from_bytes(&[b"cpln\x01", &bytes[..]].concat());
    }
}
