use std::collections::VecDeque;

use super::super::noise::{PER_MS, STEP};

/// Sound that the server sent, in order; it is played as time passes.
#[derive(Debug, Default)]
pub(super) struct Earpiece {
    waiting: VecDeque<Item>,
    /// Samples played since nothing was.
    running: usize,
}

#[derive(Debug)]
enum Item {
    Audio(usize),
    Mark(String),
}

impl Earpiece {
    pub(super) fn is_playing(&self) -> bool {
        self.waiting.iter().any(|item| matches!(item, Item::Audio(_)))
    }

    /// Takes so many samples.
    pub(super) fn push(&mut self, samples: usize) {
        if samples > 0 {
            self.waiting.push_back(Item::Audio(samples));
        }
    }

    /// Takes a mark; gives it back if there is nothing before it.
    pub(super) fn mark(&mut self, name: String) -> Option<String> {
        if self.waiting.is_empty() {
            return Some(name);
        }
        self.waiting.push_back(Item::Mark(name));
        None
    }

    /// Drops what is waiting; gives the marks that were.
    pub(super) fn clear(&mut self) -> Vec<String> {
        let marks =
            self.waiting.drain(..).filter_map(|item| if let Item::Mark(name) = item { Some(name) } else { None });
        marks.collect()
    }

    /// Plays 20 ms; gives the marks that were reached.
    pub(super) fn tick(&mut self) -> Vec<String> {
        let (mut left, mut marks) = (STEP, Vec::new());
        while let Some(item) = self.waiting.front_mut() {
            match item {
                Item::Mark(name) => marks.push(std::mem::take(name)),
                Item::Audio(samples) if *samples > left => {
                    *samples -= left;
                    self.running += left;
                    break;
                }
                Item::Audio(samples) => {
                    left -= *samples;
                    self.running += *samples;
                }
            }
            self.waiting.pop_front();
        }
        marks
    }

    /// Milliseconds of sound that have ended, if some have.
    pub(super) fn heard_ms(&mut self) -> Option<u64> {
        if self.running == 0 || self.is_playing() {
            return None;
        }
        Some((std::mem::take(&mut self.running) / PER_MS) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_after_the_sound_before_them_and_at_once_without_any() {
        let mut ear = Earpiece::default();
        assert_eq!(ear.mark("first".to_owned()).as_deref(), Some("first"));
        ear.push(400);
        assert_eq!(ear.mark("second".to_owned()), None);
        ear.push(80);
        assert_eq!(ear.mark("third".to_owned()), None);
        let ticks: Vec<_> = (0..4).map(|_| ear.tick().join(" ")).collect();
        assert_eq!(ticks, ["", "", "second third", ""]);
        assert_eq!((ear.heard_ms(), ear.heard_ms()), (Some(60), None));
    }

    #[test]
    fn clearing_gives_back_every_mark_and_tells_what_was_heard_until_then() {
        let mut ear = Earpiece::default();
        ear.push(8_000);
        assert!(ear.mark("a".to_owned()).or(ear.mark("b".to_owned())).is_none());
        assert!(ear.tick().is_empty() && ear.heard_ms().is_none());
        assert_eq!(ear.clear(), ["a", "b"]);
        assert!(!ear.is_playing());
        assert_eq!(ear.heard_ms(), Some(20));
    }
}
