//! Conversations made of recordings, to measure listening.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde::Serialize;

use crate::audio::resample;
use crate::command::{Exit, recording, say};
use crate::engine::{Conversation, ConversationStep, Engine, Party};
use crate::lab::listen;
use crate::lab::lists::Lists;
use crate::lab::voices;
use crate::scoring::Voiceprint;
use crate::types::{Strictness, Verdict};

/// The longest conversation: what a line listens for by default.
const LIMIT_MS: u64 = 60_000;
/// Silence between two recordings, in samples: the other one says something.
const PAUSE: usize = 4_800;
/// As many conversations at most of one speaker, each beginning with another recording.
const MOST_EACH: usize = 12;
/// Samples given at once: 20 ms, as on a line.
const FRAME: usize = 160;

/// How long the other one talks, and listens, in samples: 5 s.
const TURN: usize = 40_000;
/// How late an echo comes, in samples: 200 ms, a mobile call's.
const ECHO_DELAY: usize = 1_600;

const AIMS: [Strictness; 3] = [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct];

/// One speaker of the lists: their voiceprints, and what they say.
#[derive(Default)]
struct Speaker {
    /// Indices of enrollments.
    enrollments: Vec<usize>,
    /// Indices of recordings.
    probes: Vec<usize>,
    takes: Vec<usize>,
}

/// How conversations ended at one of the manifest's thresholds.
#[derive(Debug, Default, Serialize)]
struct Outcomes {
    strictness: String,
    targets: usize,
    impostors: usize,
    /// Impostors accepted.
    far: f64,
    /// The same among those that were accepted before the end.
    far_early: f64,
    /// Targets rejected.
    frr: f64,
    /// Targets told to try again: too little speech.
    retries: f64,
    /// Targets with a verdict before the end.
    early: f64,
    /// Net speech until a target was accepted, median and nine in ten, in seconds.
    accept_median_s: f64,
    accept_p90_s: f64,
    /// Net speech until an impostor was rejected, median and nine in ten, in seconds.
    reject_median_s: f64,
    reject_p90_s: f64,
}

/// One conversation against one voiceprint.
struct Ended {
    aim: usize,
    is_target: bool,
    verdict: Verdict,
    compared_ms: u32,
    is_early: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListenArgs {
    /// Measure conversations instead: a speaker's probes one after the other, judged while they go on
    #[arg(long, conflicts_with = "stream")]
    listen: bool,
    /// With --listen: only probes whose names contain this
    #[arg(long, value_name = "TEXT", default_value = "", requires = "listen", hide_default_value = true)]
    only: String,
    /// With --listen: another speaker talks every other five seconds, and echoes so many dB lower in the customer's
    /// track
    #[arg(long, value_name = "DB", requires = "listen")]
    echo: Option<f32>,
    /// With --echo: the other one's own track is withheld, so that nothing tells the echo from the customer
    #[arg(long, requires = "echo")]
    one_track: bool,
}

impl ListenArgs {
    /// Whether conversations are to be measured.
    pub(super) fn is_asked_for(&self) -> bool {
        self.listen
    }
}

/// Measures what comes of conversations made of the lists' recordings.
pub(super) fn run(
    engine: &Engine,
    lists: &Lists,
    args: &ListenArgs,
    threads: usize,
    json: bool,
) -> anyhow::Result<Exit> {
    let heard = listen::listen(engine, &lists.recordings, threads)?;
    let voices = voices::enroll(engine, lists, |take| &heard[take]);
    let speakers = speakers(lists, &args.only);
    let jobs: Vec<_> = speakers.iter().enumerate().flat_map(|(at, speaker)| conversations(at, speaker)).collect();
    let ended = listen::each(&jobs, threads, "conversations", |(speaker, recordings, is_target)| {
        let mut customer = audio(lists, recordings)?;
        let mut agent = Vec::new();
        if let Some(echo_db) = args.echo {
            let other = &speakers[(speaker + 1) % speakers.len()];
            agent = interrupted(audio(lists, &other.probes)?, customer.len());
            add_echo(&mut customer, &agent, echo_db);
        }
        if args.one_track {
            agent.clear();
        }
        let is_against = |at: usize| (at == *speaker) == *is_target;
        let enrolled = speakers.iter().enumerate().filter(|(at, _)| is_against(*at)).flat_map(|(_, s)| &s.enrollments);
        let prints: Vec<_> = enrolled.filter_map(|&at| voices.voiceprints[at].as_ref()).collect();
        hear(engine, (&customer, &agent), &prints, *is_target)
    })?;
    let ended: Vec<Ended> = ended.into_iter().flatten().collect();
    ensure!(!ended.is_empty(), "no probe's name contains {:?}", args.only);
    let outcomes = [0, 1, 2].map(|aim| outcomes(&ended, aim));
    if json {
        say!("{}", serde_json::to_string_pretty(&outcomes)?);
    } else {
        print(&outcomes, jobs.len());
    }
    Ok(Exit::Yes)
}

/// Groups enrollments and probes by speaker: lists that share a target probe are one speaker.
fn speakers(lists: &Lists, only: &str) -> Vec<Speaker> {
    let mut owner: Vec<usize> = (0..lists.enrollments.len()).collect();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_probe: BTreeMap<usize, usize> = BTreeMap::new();
    let join = |owner: &mut Vec<usize>, a: usize, b: usize| {
        let (from, to) = (owner[a], owner[b]);
        owner.iter_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
    };
    for (at, enrollment) in lists.enrollments.iter().enumerate() {
        let first = *by_name.entry(&enrollment.model).or_insert(at);
        join(&mut owner, at, first);
    }
    for trial in lists.trials.iter().filter(|trial| trial.is_target) {
        let first = *by_probe.entry(trial.probe).or_insert(trial.enrollment);
        join(&mut owner, trial.enrollment, first);
    }
    let mut speakers: BTreeMap<usize, Speaker> = BTreeMap::new();
    for (at, enrollment) in lists.enrollments.iter().enumerate() {
        let speaker = speakers.entry(owner[at]).or_default();
        speaker.enrollments.push(at);
        speaker.takes.extend(&enrollment.takes);
    }
    for (probe, enrollment) in by_probe {
        if lists.recordings[probe].name.contains(only) {
            speakers.entry(owner[enrollment]).or_default().probes.push(probe);
        }
    }
    speakers.into_values().collect()
}

/// The recordings that a speaker speaks, as themselves and as an impostor, who may also speak their own enrollment.
fn conversations(at: usize, speaker: &Speaker) -> Vec<(usize, Vec<usize>, bool)> {
    let mut takes = speaker.takes.clone();
    takes.sort_unstable();
    takes.dedup();
    takes.truncate(MOST_EACH);
    let all = [speaker.probes.clone(), takes].concat();
    let rotations = |recordings: &Vec<usize>, is_target| {
        let turned = |by: usize| {
            let mut turned = recordings.clone();
            turned.rotate_left(by);
            (at, turned, is_target)
        };
        let step = recordings.len().div_ceil(MOST_EACH).max(1);
        (0..recordings.len()).step_by(step).map(turned).collect::<Vec<_>>()
    };
    [rotations(&speaker.probes, true), rotations(&all, false)].concat()
}

/// The recordings one after the other, as a line carries them.
fn audio(lists: &Lists, recordings: &[usize]) -> anyhow::Result<Vec<i16>> {
    let mut audio = Vec::new();
    for &at in recordings {
        let Ok(clip) = recording::read(&lists.recordings[at].path)? else { continue };
        audio.extend(resample::to_8k(&clip).samples().iter().map(|sample| (sample * 32_767.0) as i16));
        audio.extend([0; PAUSE]);
    }
    audio.truncate(LIMIT_MS as usize * 8);
    Ok(audio)
}

/// A speaker who talks for five seconds, listens for five, and so on.
fn interrupted(speech: Vec<i16>, length: usize) -> Vec<i16> {
    let mut speech = speech.into_iter().cycle();
    (0..length).map(|at| if at / TURN % 2 == 1 { speech.next().unwrap_or(0) } else { 0 }).collect()
}

/// The echo of the other speaker's words.
fn add_echo(customer: &mut [i16], agent: &[i16], echo_db: f32) {
    let gain = 10.0_f32.powf(-echo_db / 20.0);
    for (sample, echo) in customer.iter_mut().skip(ECHO_DELAY).zip(agent) {
        *sample = sample.saturating_add((f32::from(*echo) * gain) as i16);
    }
}

/// Hears a conversation to its end, and notes the first verdict against each voiceprint.
fn hear(
    engine: &Engine,
    (customer, agent): (&[i16], &[i16]),
    prints: &[&Voiceprint],
    is_target: bool,
) -> anyhow::Result<Vec<Ended>> {
    let mut conversation = engine.conversation();
    let mut open: Vec<(usize, &Voiceprint)> =
        (0..AIMS.len()).flat_map(|aim| prints.iter().map(move |print| (aim, *print))).collect();
    let mut ended = Vec::new();
    let mut weigh = |conversation: &Conversation, is_early| {
        open.retain(|&(aim, print)| {
            let (verdict, showing) = engine.weigh(print, conversation, AIMS[aim]);
            let compared_ms = showing.compared_ms;
            ended.extend(verdict.map(|verdict| Ended { aim, is_target, verdict, compared_ms, is_early }));
            verdict.is_none()
        });
    };
    let mut agent = agent.chunks(FRAME);
    for frame in customer.chunks(FRAME) {
        conversation.push(Party::Customer, frame, None);
        if let Some(frame) = agent.next() {
            conversation.push(Party::Agent, frame, None);
        }
        drive(engine, &mut conversation, &mut weigh)?;
    }
    conversation.end();
    drive(engine, &mut conversation, &mut weigh)?;
    weigh(&conversation, false);
    Ok(ended)
}

/// Does what a conversation wants done, until it wants nothing.
fn drive(
    engine: &Engine,
    conversation: &mut Conversation,
    weigh: &mut impl FnMut(&Conversation, bool),
) -> anyhow::Result<()> {
    loop {
        match conversation.step() {
            ConversationStep::Hear(party, chunk) => {
                let mut chunks = [chunk];
                engine.hear(&mut chunks)?;
                let [chunk] = chunks;
                conversation.heard(party, chunk);
            }
            ConversationStep::Examine(spoken) => {
                conversation.examined(&engine.examine_spoken(&spoken)?)?;
                weigh(conversation, true);
            }
            ConversationStep::Idle | ConversationStep::Over => return Ok(()),
        }
    }
}

fn outcomes(ended: &[Ended], aim: usize) -> Outcomes {
    let of = |is_target: bool| ended.iter().filter(move |one| one.aim == aim && one.is_target == is_target);
    let share = |is_target: bool, is_it: &dyn Fn(&Ended) -> bool| {
        of(is_target).filter(|one| is_it(one)).count() as f64 / of(is_target).count().max(1) as f64
    };
    let is_reject = |one: &Ended| matches!(one.verdict, Verdict::Reject { .. });
    let seconds = |is_target: bool, is_it: &dyn Fn(&Ended) -> bool, at: f64| {
        let mut times: Vec<u32> = of(is_target).filter(|one| is_it(one)).map(|one| one.compared_ms).collect();
        times.sort_unstable();
        let place = (times.len().saturating_sub(1) as f64 * at) as usize;
        times.get(place).map_or(0.0, |&ms| f64::from(ms) / 1000.0)
    };
    let is_accept = |one: &Ended| one.verdict.is_accept();
    Outcomes {
        strictness: AIMS[aim].to_string(),
        targets: of(true).count(),
        impostors: of(false).count(),
        far: share(false, &is_accept),
        far_early: share(false, &|one| one.verdict.is_accept() && one.is_early),
        frr: share(true, &is_reject),
        retries: share(true, &|one| matches!(one.verdict, Verdict::Retry { .. })),
        early: share(true, &|one| one.is_early),
        accept_median_s: seconds(true, &is_accept, 0.5),
        accept_p90_s: seconds(true, &is_accept, 0.9),
        reject_median_s: seconds(false, &is_reject, 0.5),
        reject_p90_s: seconds(false, &is_reject, 0.9),
    }
}

fn print(outcomes: &[Outcomes], conversations: usize) {
    say!("{conversations} conversations of up to {} s, judged while they go on", LIMIT_MS / 1000);
    say!("aim      targets  impostors      FAR    early      FRR  retries   early   accepted after   rejected after");
    for one in outcomes {
        say!(
            "{:<6} {:>9}  {:>9} {:6.2} % {:6.2} % {:6.2} % {:6.2} % {:6.1} %  {:4.1} (90 %: {:4.1}) s  {:4.1} (90 %: \
            {:4.1}) s",
            one.strictness,
            one.targets,
            one.impostors,
            one.far * 100.0,
            one.far_early * 100.0,
            one.frr * 100.0,
            one.retries * 100.0,
            one.early * 100.0,
            one.accept_median_s,
            one.accept_p90_s,
            one.reject_median_s,
            one.reject_p90_s
        );
    }
}
