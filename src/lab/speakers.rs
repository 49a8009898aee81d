//! Speakers of all sets, numbered.

use std::collections::HashMap;

use super::lists::Lists;

/// Speakers of all sets, each with an index.
///
/// A speaker goes by the name of a model, so that sets which share models share speakers.
#[derive(Debug, Default)]
pub(super) struct Roll {
    names: Vec<String>,
    index: HashMap<String, usize>,
}

/// Who speaks in what, by indices of a [`Roll`].
#[derive(Debug)]
pub(super) struct Speakers {
    /// For each enrollment.
    pub(super) of_enrollment: Vec<usize>,
    /// For each recording.
    pub(super) of_recording: Vec<usize>,
}

impl Roll {
    /// The index of a name.
    pub(super) fn index(&mut self, name: &str) -> usize {
        if let Some(&index) = self.index.get(name) {
            return index;
        }
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// The name of an index.
    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// Finds out who speaks in a set.
    ///
    /// Lists do not name speakers, but target trials say which models and probes have the same one. Models that no
    /// probe joins count as different people, and a probe that is no voiceprint's target is a person of its own.
    pub(super) fn enter(&mut self, lists: &Lists) -> Speakers {
        let mut models: Vec<&str> = lists.enrollments.iter().map(|enrollment| enrollment.model.as_str()).collect();
        models.sort_unstable();
        models.dedup();
        let model =
            |enrollment: usize| models.binary_search(&lists.enrollments[enrollment].model.as_str()).unwrap_or_default();
        // Models come before recordings, so that a group's first member is a model and gives it the name.
        let mut groups = Groups::new(models.len() + lists.recordings.len());
        for (at, enrollment) in lists.enrollments.iter().enumerate() {
            for take in &enrollment.takes {
                groups.join(model(at), models.len() + take);
            }
        }
        for trial in lists.trials.iter().filter(|trial| trial.is_target) {
            groups.join(model(trial.enrollment), models.len() + trial.probe);
        }
        let mut index = |member: usize| {
            let first = groups.first(member);
            let name = match first.checked_sub(models.len()) {
                None => models[first],
                Some(recording) => &lists.recordings[recording].name,
            };
            self.index(name)
        };
        Speakers {
            of_enrollment: (0..lists.enrollments.len()).map(|at| index(model(at))).collect(),
            of_recording: (0..lists.recordings.len()).map(|at| index(models.len() + at)).collect(),
        }
    }
}

/// Things joined into groups; each group goes by its lowest member.
struct Groups(Vec<usize>);

impl Groups {
    fn new(members: usize) -> Self {
        Self((0..members).collect())
    }

    fn first(&mut self, member: usize) -> usize {
        let mut first = member;
        while self.0[first] != first {
            self.0[first] = self.0[self.0[first]];
            first = self.0[first];
        }
        first
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::lists::{Enrollment, Recording, Trial};

    #[test]
    fn who_speaks_is_read_off_the_targets() {
        let recording = |name: &str| Recording { name: name.to_owned(), path: name.into(), origin: String::new() };
        let enrollment = |model: &str, take| Enrollment { model: model.to_owned(), takes: vec![take] };
        let trial = |enrollment, probe, is_target| Trial { enrollment, probe, is_target, same_phrase: None };
        let lists = Lists {
            recordings: ["a1", "a2", "b1", "a-probe", "b-probe", "stranger"].map(recording).into(),
            enrollments: vec![enrollment("ann.B", 0), enrollment("ann.A", 1), enrollment("ben.A", 2)],
            trials: vec![trial(0, 3, true), trial(1, 3, true), trial(2, 4, true), trial(2, 5, false)],
            repeated_rows: 0,
        };
        let mut roll = Roll::default();
        let found = roll.enter(&lists);
        let names = |indices: &[usize]| indices.iter().map(|&at| roll.name(at)).collect::<Vec<_>>();
        assert_eq!(names(&found.of_enrollment), ["ann.A", "ann.A", "ben.A"]);
        assert_eq!(names(&found.of_recording), ["ann.A", "ann.A", "ben.A", "ann.A", "ben.A", "stranger"]);
    }
}
