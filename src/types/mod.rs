//! The nouns every module shares: clips, numbers, scores, reasons, verdicts.
//!
//! Nothing here computes beyond checking its own invariants, and nothing here imports another module.

pub mod bytes;
mod clip;
mod code_ttl;
mod ids;
pub mod media;
mod number;
mod range;
mod reason;
mod score;
mod tenant;
mod verdict;

pub use clip::{Clip8k, Clip16k};
pub use code_ttl::CodeTtl;
pub use ids::{
    AccountSid, AttemptId, BadSid, CallSid, CallerId, LineName, ListeningId, RecordingSid, Source, StreamId,
};
pub use jiff::Timestamp;
pub use number::{Attestation, E164, NotE164, Origin};
pub use range::OutOfRange;
pub use reason::Reason;
pub use score::{Cosine, Llr, Strictness};
pub use tenant::{NotTenant, Tenant};
pub use verdict::Verdict;
