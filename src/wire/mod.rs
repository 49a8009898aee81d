//! JSON that applications send and get: shapes without logic. `clients` fills them, `http` sends and describes them.

mod listening;

pub use listening::{Invited, Likeness, ListeningView, NetSpeech, Scores, StreamAddress};
