//! The plan of an attack run: attempts to make, and kinds that cannot be made, with the reason.

use super::attempt::AttackedCaller;
use super::kind::{AttackSource, Kind};
use super::synthesizer::Spoken;
use crate::lab::lists::Lists;

/// One attempt to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) kind: Kind,
    /// Whose name is claimed: a row of the enrollment list.
    pub(super) enrollment: usize,
    /// The recording it is made from, or the machine's clip.
    pub(super) sound: usize,
}

/// The attempts to make, and the attacks that cannot be made, with the reason.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) attempts: Vec<Attempt>,
    pub(super) left_out: Vec<(String, String)>,
}

/// Draws at most `each` attempts of every kind, evenly from all there are.
pub(super) fn plan(lists: &Lists, callers: &[Option<AttackedCaller>], machines: &Spoken, each: usize) -> Plan {
    let mut plan = Plan::default();
    for kind in Kind::ALL {
        let mut all = possible(lists, machines, kind);
        all.retain(|attempt| callers[attempt.enrollment].is_some());
        if all.is_empty() && kind.source() != AttackSource::Machine {
            plan.left_out.push((kind.code().to_owned(), "the lists have no such trial".to_owned()));
        }
        let drawn = all.len().min(each);
        plan.attempts.extend((0..drawn).map(|n| all[n * all.len() / drawn]));
    }
    plan.left_out.push((
        "cut_and_paste".to_owned(),
        "digits cut out of the owner's takes would answer a challenge; the lists do not say where which digit is"
            .to_owned(),
    ));
    plan
}

fn possible(lists: &Lists, machines: &Spoken, kind: Kind) -> Vec<Attempt> {
    let rows = 0..lists.enrollments.len();
    match kind.source() {
        AttackSource::Probe { is_owner, same_words } => {
            let wanted = |same_phrase: Option<bool>| {
                // Free text has no right words: then what the owner says is as good as any, and there are no other
                // words.
                if lists.trials.iter().any(|trial| trial.same_phrase == Some(true)) {
                    same_phrase.unwrap_or(true) == same_words
                } else {
                    same_words
                }
            };
            let fitting = lists.trials.iter().filter(|trial| trial.is_target == is_owner && wanted(trial.same_phrase));
            fitting.map(|trial| Attempt { kind, enrollment: trial.enrollment, sound: trial.probe }).collect()
        }
        AttackSource::Take => rows
            .flat_map(|enrollment| lists.enrollments[enrollment].takes.iter().map(move |&take| (enrollment, take)))
            .map(|(enrollment, sound)| Attempt { kind, enrollment, sound })
            .collect(),
        AttackSource::Past => {
            possible(lists, machines, Kind::Fresh).into_iter().map(|one| Attempt { kind, ..one }).collect()
        }
        AttackSource::Machine => {
            let clips: Vec<usize> = machines.of(kind).collect();
            rows.flat_map(|enrollment| clips.iter().map(move |&sound| Attempt { kind, enrollment, sound })).collect()
        }
    }
}
