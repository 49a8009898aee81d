use crate::types::Clip8k;

/// Something to say, on the phone's side of the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Its name in the transcript.
    pub name: String,
    /// The words, where they are known.
    pub words: Option<String>,
    /// The sound.
    pub clip: Clip8k,
    /// The caller's next act.
    pub then: Then,
}

/// A caller's act after having spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// Waits until the silence ends the recording.
    #[default]
    Wait,
    /// Presses a key.
    Press(char),
    /// Hangs up half-way.
    HangUp,
}
