//! Everything that one take is held against, read as of one moment; for the code that judges takes.

use rusqlite::Transaction;

use crate::store::callers;
use crate::store::callers::heard;
use crate::store::callers::learned;
use crate::store::calls;
use crate::store::calls::signs;
use crate::store::calls::take_prints;
use crate::store::calls::takes;
use crate::store::clients::watch_list;
use crate::store::seal::vault::Vault;
use crate::store::{Call, Caller, CallerRef, Store, StoreError, StoredLearning, StoredVoiceprint, Watched};
use crate::types::{CallSid, CallerId, Timestamp};

/// Why a take of a call is read up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldFor {
    /// It is to be part of a voiceprint: only the call's earlier enrollment takes are read.
    Enroll,
    /// It is a probe: the caller's voiceprint, the call's earlier probes and the watch list are read.
    Verify {
        /// The speaker model; watched voices of other models are left out.
        model: String,
    },
}

/// Everything that one take is held against. Every byte form is opened; parts that were not asked for are empty.
#[derive(Clone, Default)]
pub struct HeldAgainst {
    /// The call as it stands; none for an upload.
    pub call: Option<Call>,
    /// When the take was first claimed; none for an upload.
    pub opened_at: Option<Timestamp>,
    /// The caller in question, with their tenant; none for a call without a caller.
    pub caller: Option<Caller>,
    /// The caller's voiceprint.
    pub voiceprint: Option<StoredVoiceprint>,
    /// The learned part of the caller's voice; nothing without a voiceprint.
    pub learned: StoredLearning,
    /// Fingerprints of what the caller was heard saying, the latest first; none without a voiceprint.
    pub heard: Vec<Vec<u8>>,
    /// The embeddings kept of the call's earlier probes, in order.
    pub probes: Vec<Vec<u8>>,
    /// The accepted enrollment takes of the call, in order.
    pub enrollment: Vec<Vec<u8>>,
    /// Mismatches of the caller in the last day; counted for uploads only, calls have [`Store::turn_facts`].
    pub recent_failures: u32,
    /// The watched voices of the caller's tenant that the model made; none for a call without a caller.
    pub watched: Vec<(Watched, Vec<u8>)>,
}

impl Store {
    /// Reads everything that the take of a call's turn is held against.
    ///
    /// # Errors
    /// [`StoreError::UnknownCall`] when the call never began; [`StoreError::Sealed`] when something was altered or
    /// moved.
    pub async fn held_against(&self, call: &CallSid, turn: u32, held_for: HeldFor) -> Result<HeldAgainst, StoreError> {
        let sid = call.clone();
        self.read(move |tx, vault| {
            let call = calls::find(tx, &sid)?.ok_or(StoreError::UnknownCall)?;
            let opened_at = takes::find(tx, &sid, turn)?.map(|take| take.opened_at);
            let held = match held_for {
                HeldFor::Enroll => HeldAgainst {
                    enrollment: take_prints::all(tx, vault, (&sid).into(), false)?,
                    ..HeldAgainst::default()
                },
                HeldFor::Verify { model } => {
                    let of_caller = call.caller.map(|caller| of_caller(tx, vault, caller, &model)).transpose()?;
                    HeldAgainst {
                        probes: take_prints::all(tx, vault, (&sid).into(), true)?,
                        ..of_caller.unwrap_or_default()
                    }
                }
            };
            Ok(HeldAgainst { call: Some(call), opened_at, ..held })
        })
        .await
    }

    /// Reads everything that an uploaded probe of a caller is held against.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when something was altered or moved.
    pub async fn held_against_caller(
        &self,
        caller: CallerId,
        model: &str,
        now: Timestamp,
    ) -> Result<HeldAgainst, StoreError> {
        let model = model.to_owned();
        self.read(move |tx, vault| {
            let held = of_caller(tx, vault, caller, &model)?;
            Ok(HeldAgainst { recent_failures: signs::recent_failures(tx, caller, now)?, ..held })
        })
        .await
    }
}

/// Reads the part that depends on the caller alone.
fn of_caller(tx: &Transaction<'_>, vault: &Vault, id: CallerId, model: &str) -> Result<HeldAgainst, StoreError> {
    let Some(caller) = callers::find(tx, &CallerRef::Id(id))? else { return Ok(HeldAgainst::default()) };
    let watched = watch_list::voices(tx, vault, &caller.tenant, model)?;
    let held = HeldAgainst { watched, caller: Some(caller), ..HeldAgainst::default() };
    let Some(voiceprint) = callers::voiceprint(tx, vault, id)? else { return Ok(held) };
    Ok(HeldAgainst {
        voiceprint: Some(voiceprint),
        learned: learned::find(tx, vault, id)?,
        heard: heard::all(tx, vault, id)?,
        ..held
    })
}
