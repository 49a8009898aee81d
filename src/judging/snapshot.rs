//! Everything that a take is held against, read from the store in one transaction, and opened.

use super::{Fault, Judge};
use crate::engine::{Claimed, Enrolled, Voice};
use crate::liveness::Fingerprint;
use crate::scoring::{Learned, TakePrint};
use crate::store::{HeldAgainst, HeldFor, NewLearning, Watched};
use crate::types::{CallSid, CallerId, Timestamp};

/// The store's state that a take is held against.
pub(crate) struct Snapshot {
    /// The caller; none for an account that does not exist.
    pub(super) caller: Option<CallerId>,
    /// The voiceprint.
    pub(super) who: Claimed,
    /// Learned since the enrollment.
    pub(super) learned: Option<Learned>,
    /// Counts how often the voice was learned from.
    pub(super) learned_version: u32,
    /// Takes of earlier calls.
    pub(super) earlier: Vec<Fingerprint>,
    /// Earlier takes of this verification.
    pub(super) before: Vec<Voice>,
    /// The tenant's watch-list, as far as the voice's model made it.
    pub(super) watch_list: Vec<(Watched, TakePrint)>,
    /// When the take began, for the deadline of a challenge.
    pub(super) opened_at: Option<Timestamp>,
    /// Mismatches of the caller within a day; counted for uploads, whose risk is not the dialogue's.
    pub(crate) failures: u32,
}

/// Records of a verification that outlive it, in byte forms.
#[derive(Default)]
pub(crate) struct TakeRecords {
    /// The voice, for the next takes of the call.
    pub(crate) print: Option<Vec<u8>>,
    /// The fingerprint, to know a recording of the take again.
    pub(crate) heard: Option<Vec<u8>>,
    /// The voice as learned after the take.
    pub(crate) learned: Option<NewLearning>,
}

impl Snapshot {
    /// The same with another voiceprint of the caller in place of the stored one.
    #[must_use]
    pub(crate) fn with_voiceprint(self, enrolled: Enrolled) -> Self {
        Self { who: Claimed::Caller(Box::new(enrolled)), ..self }
    }

    /// How far the voiceprint has followed the voice, 0 to 1.
    pub(crate) fn learning_progress(&self) -> f32 {
        self.learned.as_ref().map_or(0.0, Learned::progress)
    }
}

impl Judge {
    /// The snapshot for a probe of a call.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn snapshot_of_take(&self, call: &CallSid, turn: u32) -> Result<Snapshot, Fault> {
        let model = self.engine().model().to_string();
        let held = self.cx().store.held_against(call, turn, HeldFor::Verify { model }).await?;
        Snapshot::open(held)
    }

    /// The snapshot for an upload of a caller.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn snapshot_of_upload(&self, caller: CallerId) -> Result<Snapshot, Fault> {
        let model = self.engine().model().as_str();
        Snapshot::open(self.cx().store.held_against_caller(caller, model, self.cx().now()).await?)
    }
}

impl Snapshot {
    fn open(held: HeldAgainst) -> Result<Self, Fault> {
        let HeldAgainst {
            call, opened_at, caller, voiceprint, learned, heard, probes, recent_failures, watched, ..
        } = held;
        let caller = caller.map(|caller| caller.id);
        let claim = call.and_then(|call| call.claim).unwrap_or_default();
        Ok(Self {
            who: match (voiceprint, caller) {
                (Some(stored), _) => Claimed::Caller(Box::new(Enrolled::from_bytes(&stored.bytes)?)),
                (None, Some(caller)) => Claimed::Nobody { salt: caller.0.as_u64_pair().1 },
                (None, None) => Claimed::Nobody { salt: salt(&claim) },
            },
            caller,
            learned_version: learned.version,
            learned: learned.bytes.map(|bytes| Learned::from_bytes(&bytes)).transpose()?,
            earlier: heard.iter().map(|bytes| Fingerprint::from_bytes(bytes)).collect::<Result<_, _>>()?,
            before: probes.iter().map(|bytes| probe(bytes)).collect::<Result<_, _>>()?,
            watch_list: watched
                .into_iter()
                .map(|(watched, bytes)| Ok((watched, TakePrint::from_bytes(&bytes)?)))
                .collect::<Result<_, Fault>>()?,
            opened_at,
            failures: recent_failures,
        })
    }
}

/// The voice of an earlier probe of the call.
fn probe(bytes: &[u8]) -> Result<Voice, Fault> {
    let TakePrint { embedding, net_speech_ms } = TakePrint::from_bytes(bytes)?;
    Ok(Voice { embedding, heard_ms: net_speech_ms })
}

/// The same number for the same typed digits.
fn salt(claim: &str) -> u64 {
    // FNV-1a: there is nothing to gain by finding another claim with the same salt.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    claim.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
