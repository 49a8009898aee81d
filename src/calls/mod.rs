//! Phone calls: turns, the wait for a take, the documents that answer, and the signed result.
//!
//! A webhook arrives at [`Calls`], is matched with the call's next turn (`turn`), becomes an event of the dialogue,
//! and its step is committed with the reply's bytes (`step`). A take is fetched, judged and kept by `take`;
//! `await_take` waits for it. State lives in the store, so any node answers any turn; only the takes being judged
//! here are also known in memory (`running`), so that a verdict goes out the moment it falls.
//!
//! `http` calls the turns, `media` the takes of streams. Nothing below knows of calls.

mod await_take;
mod documents;
mod error;
mod facts;
mod invitation;
mod reply;
mod result_token;
mod running;
mod step;
mod stream_slots;
mod take;
mod turn;

pub use documents::Xml;
pub use error::CallError;
pub use result_token::{Claims, TokenError};
pub use stream_slots::{StreamSlot, StreamSlots};

pub(crate) use invitation::TakeOrder;
pub(crate) use result_token::install as install_hs256;
pub(crate) use take::{Job, Streamed};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::judging::{Context, Judge, meters};
use crate::twilio::Recordings;
use crate::types::CallSid;
use documents::Documents;
use result_token::TokenSigner;
use running::RunningTakes;

/// How long a call counts as open without a sign of it, whether or not the provider reported its end.
const FORGET_CALL_AFTER: Duration = Duration::from_mins(3);

/// Answers calls: the object behind every webhook of the provider. Cheap to clone.
#[derive(Clone)]
pub struct Calls(Arc<Inner>);

struct Inner {
    cx: Context,
    judge: Judge,
    recordings: Recordings,
    documents: Documents,
    signer: Option<TokenSigner>,
    running: Arc<RunningTakes>,
    slots: Arc<StreamSlots>,
    open_calls: Mutex<HashMap<CallSid, Instant>>,
    job_queued: Arc<Notify>,
}

impl Calls {
    /// Loads the lines' prompts; `job_queued` wakes the loop of jobs.
    ///
    /// # Errors
    /// [`CallError`] when a line's prompts are wrong.
    pub fn new(
        cx: Context,
        judge: Judge,
        recordings: Recordings,
        slots: Arc<StreamSlots>,
        job_queued: Arc<Notify>,
    ) -> Result<Self, CallError> {
        Ok(Self(Arc::new(Inner {
            documents: Documents::load(&cx.config)?,
            signer: TokenSigner::new(&cx.config.token),
            running: RunningTakes::new(cx.config.models.sessions),
            recordings,
            slots,
            open_calls: Mutex::default(),
            job_queued,
            judge,
            cx,
        })))
    }

    /// Where streams connect to.
    pub(crate) fn socket_url(&self) -> String {
        self.0.documents.socket_url()
    }

    /// Sets the gauges of calls and streams, which nothing sets in passing.
    pub fn gauge(&self) {
        let mut open = self.open_calls();
        open.retain(|_, heard| heard.elapsed() < FORGET_CALL_AFTER);
        metrics::gauge!(meters::OPEN_CALLS).set(open.len() as f64);
        metrics::gauge!(meters::OPEN_STREAMS).set(self.0.slots.open() as f64);
    }

    fn heard_of(&self, call: &CallSid, is_over: bool) {
        let mut open = self.open_calls();
        if is_over {
            open.remove(call);
        } else {
            open.insert(call.clone(), Instant::now());
        }
    }

    fn open_calls(&self) -> std::sync::MutexGuard<'_, HashMap<CallSid, Instant>> {
        self.0.open_calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
