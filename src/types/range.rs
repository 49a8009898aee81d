use thiserror::Error;

/// A number outside its range.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{name} must be {from} to {to}")]
pub struct OutOfRange {
    /// The number's name.
    pub name: &'static str,
    /// The least.
    pub from: u64,
    /// The most.
    pub to: u64,
}
