//! The sound of one attempt, made and attempted.

use super::attempt::{AttackedCaller, Judged, Rules, attempt};
use super::kind::{AttackSource, Kind};
use super::plan::Attempt;
use super::synthesizer::Spoken;
use crate::audio::line_model::{self, Dice};
use crate::audio::resample;
use crate::command::recording;
use crate::engine::Engine;
use crate::lab::lists::Lists;
use crate::phrase::Challenge;
use crate::types::{Clip8k, Clip16k};

/// Makes an attempt's sound and attempts it. None when it comes to nothing: no audio, or a past call that was refused.
pub(super) fn attack(
    engine: &Engine,
    caller: &AttackedCaller,
    lists: &Lists,
    machines: &Spoken,
    planned: &Attempt,
    seed: u64,
    rules: Rules,
) -> anyhow::Result<Option<Judged>> {
    let Attempt { kind, enrollment, sound } = *planned;
    let (name, clip) = if kind.source() == AttackSource::Machine {
        (machines.clips[sound].name.as_str(), machines.clips[sound].clip.clone())
    } else {
        let recording = &lists.recordings[sound];
        let Ok(clip) = recording::read(&recording.path)? else { return Ok(None) };
        (recording.name.as_str(), clip)
    };
    // The claimed name is thrown in: the same take attacks two voiceprints through two rooms.
    let mut dice = Dice::new(seed, &format!("{} {name} {}", kind.code(), lists.enrollments[enrollment].model));
    let changed = |dice: &mut Dice| made(kind, &clip, dice);
    if kind.source() == AttackSource::Past {
        let past = attempt(engine, caller, &clip, None, rules)?;
        if !past.verdict.is_accept() {
            return Ok(None);
        }
        let clip = changed(&mut dice)?;
        return attempt(engine, &caller.after(&past), &clip, None, rules).map(Some);
    }
    let challenge = kind.is_challenged().then(|| Challenge::digits(dice.next()));
    attempt(engine, caller, &changed(&mut dice)?, challenge.as_ref(), rules).map(Some)
}

/// The sound of an attack.
fn made(kind: Kind, clip: &Clip16k, dice: &mut Dice) -> anyhow::Result<Clip16k> {
    let line = resample::to_8k(clip);
    let samples = line.samples();
    let changed = match kind {
        Kind::Fresh
        | Kind::StolenSentence
        | Kind::OwnerOtherWords
        | Kind::ImpostorRightWords
        | Kind::ImpostorOtherWords
        | Kind::CopyExact => {
            return Ok(clip.clone());
        }
        Kind::CopyOtherLine | Kind::PastCopy => {
            let handset = line_model::random_handset(samples, dice);
            line_model::mulaw(&line_model::gain(&line_model::mulaw(&handset), dice.between(-10.0, 6.0)))
        }
        Kind::CopyOpus => {
            line_model::mulaw(&line_model::opus(samples, [12_000, 16_000, 20_000, 24_000][dice.pick(4)])?)
        }
        Kind::CopyLouder => {
            line_model::mulaw(&line_model::gain(&line_model::through_16k(samples)?, dice.between(-12.0, 9.0)))
        }
        Kind::CopyCut => cut(samples, dice).to_vec(),
        Kind::CopySlower => line_model::mulaw(&line_model::speed(samples, 0.98)),
        Kind::CopyFaster => line_model::mulaw(&line_model::speed(samples, 1.02)),
        Kind::CopyLonger => line_model::mulaw(&line_model::stretch(samples, 1.02)),
        Kind::CopyShorter => line_model::mulaw(&line_model::stretch(samples, 0.98)),
        Kind::Loudspeaker | Kind::PastLoudspeaker => line_model::replay(samples, dice),
        // Three semitones either way: further, and no listener would take it for a person.
        Kind::OtherPitch => line_model::mulaw(&line_model::pitch(samples, 2_f64.powf(dice.between(-3.0, 3.0) / 12.0))),
        Kind::OtherSpeed => line_model::mulaw(&line_model::speed(samples, dice.between(0.85, 1.18))),
        Kind::Espeak | Kind::Flite | Kind::Festival => {
            let handset = line_model::random_handset(samples, dice);
            line_model::mulaw(&line_model::level(&handset, dice.between(-30.0, -18.0)))
        }
    };
    Ok(resample::to_16k(&changed, Clip8k::RATE_HZ)?)
}

/// Less by a tenth to a quarter, taken off both ends.
fn cut<'s>(samples: &'s [f32], dice: &mut Dice) -> &'s [f32] {
    let length = samples.len() as f64;
    let (front, back) = (dice.between(0.05, 0.125) * length, dice.between(0.05, 0.125) * length);
    &samples[front as usize..samples.len() - back as usize]
}
