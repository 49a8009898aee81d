//! The provider's side of the edge: its forms, its signatures, its recordings.
//!
//! The only place that knows Twilio's names; what leaves here is in our own words.

mod call_form;
mod country;
mod form;
mod public_url;
mod recordings;
pub mod signature;
pub mod stream;

pub use call_form::{CallForm, CallStatus, KeysPressed};
pub use country::{country, warm};
pub use form::{Form, FormError};
pub use recordings::{LOCAL_ACCOUNT_SID, LOCAL_API_BASE, RecordingError, Recordings};
pub use signature::{Body, SignatureError, Verifier};
