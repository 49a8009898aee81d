//! Applications: one struct for each concern of theirs, each handed the [`Client`] that asks.
//!
//! `http` finds the client by its key and calls the methods here; they check, ask the judge or the store, and fill the
//! shapes that are sent back. Nothing below knows of clients.

mod admin;
mod client;
mod identification;
mod keys;
mod listenings;
mod paging;
mod permission;
mod tokens;
mod uploads;
mod voiceit;
mod webhooks;

pub use admin::{Admin, AdminError};
pub use client::{Client, ClientError, NamedUser, Window};
pub use identification::{Identification, IdentificationError, IdentifyRequest};
pub use keys::{Keys, Listener};
pub use listenings::{ListeningError, Listenings};
pub use paging::{BadCursor, Cursor, List, PageError};
pub use permission::{
    Administer, AnyScope, ByKey, Enroll, KeyShown, Permission, Scores, Verifies, Verify, WholeAccount,
};
pub use uploads::{ChallengeError, EnrollRequest, UploadError, Uploads, Verified, VerifyRequest};
pub use voiceit::{
    VoiceIt, VoiceItEnrolled, VoiceItError, VoiceItIdentified, VoiceItProbe, VoiceItSource, VoiceItVerified,
};
pub use webhooks::{WebhookError, Webhooks};

pub use crate::judging::Upload;

use std::sync::Arc;

use crate::calls::Calls;
use crate::jobs::Jobs;
use crate::judging::{Context, Judge};
use tokens::Signers;

/// The concerns of applications. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    /// Keys, their limits and their use.
    pub keys: Keys,
    /// Enrollment and verification by upload.
    pub uploads: Uploads,
    /// Callers, codes and attempts, for administrators.
    pub admin: Admin,
    /// Identification and the watch-list.
    pub identification: Identification,
    /// Listening to conversations.
    pub listenings: Listenings,
    /// Webhooks and their deliveries.
    pub webhooks: Webhooks,
    /// `VoiceIt`'s API 2.
    pub voiceit: VoiceIt,
}

impl Clients {
    /// All concerns of one server.
    pub fn new(cx: &Context, judge: &Judge, calls: &Calls, jobs: &Jobs) -> Self {
        let signers = Arc::new(Signers::new(&cx.config.token, &cx.store));
        let keys = Keys::new(cx.clone(), Arc::clone(&signers));
        let uploads = Uploads::new(cx.clone(), judge.clone(), signers);
        let admin = Admin::new(cx.clone(), jobs.clone());
        Self {
            identification: Identification::new(cx.clone(), judge.clone(), uploads.clone(), admin.clone()),
            listenings: Listenings::new(cx.clone(), jobs.clone(), calls.socket_url()),
            webhooks: Webhooks::new(cx.clone(), jobs.clone()),
            voiceit: VoiceIt::new(cx.clone(), judge.clone(), jobs.clone(), keys.clone(), uploads.clone()),
            keys,
            uploads,
            admin,
        }
    }
}
