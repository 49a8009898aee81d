//! Deleting a caller, and the signed proof of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::store;
use crate::types::{CallerId, Tenant, Timestamp};
use crate::wire::{DeletionProof, Erased, ProofVerdict};

/// The signed part of a proof: fields in this order, without spaces.
#[derive(Serialize)]
struct Signed<'a> {
    id: CallerId,
    tenant: &'a Tenant,
    at: Timestamp,
    erased: Erased,
}

impl DeletionProof {
    fn mac(&self, secret: &[u8; 32]) -> Option<Hmac<Sha256>> {
        let signed = Signed { id: self.id, tenant: &self.tenant, at: self.at, erased: self.erased };
        let json = serde_json::to_vec(&signed).ok()?;
        Some(Hmac::<Sha256>::new_from_slice(secret).ok()?.chain_update(json))
    }

    fn signed(mut self, secret: &[u8; 32]) -> Self {
        let digest = self.mac(secret).map(|mac| mac.finalize().into_bytes());
        self.signature = digest.map(|digest| URL_SAFE_NO_PAD.encode(digest)).unwrap_or_default();
        self
    }

    fn is_signed(&self, secret: &[u8; 32]) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(&self.signature).unwrap_or_default();
        self.mac(secret).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }
}

impl From<store::Erased> for Erased {
    fn from(erased: store::Erased) -> Self {
        Self {
            had_voiceprint: erased.had_voiceprint,
            calls: erased.calls,
            consents: erased.consents,
            numbers_blanked: erased.numbers_blanked,
            recordings_queued: erased.recordings_queued,
        }
    }
}

impl Admin {
    /// Deletes a caller with everything that belongs to them, for good.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn delete_caller(&self, client: &Client<Administer>, id: CallerId) -> Result<DeletionProof, AdminError> {
        self.own_caller(client, id).await?;
        let at = self.cx.now();
        let erased = self.cx.store.delete_caller(id, at).await?;
        self.jobs.wake();
        let proof =
            DeletionProof { id, tenant: client.tenant().clone(), at, erased: erased.into(), signature: String::new() };
        Ok(proof.signed(&self.deletion_secret()))
    }

    /// Whether a proof of deletion is this server's, for the client's tenant.
    pub fn check_deletion(&self, client: &Client<Administer>, proof: &DeletionProof) -> ProofVerdict {
        let is_own = proof.tenant == *client.tenant();
        ProofVerdict { valid: is_own && proof.is_signed(&self.deletion_secret()) }
    }

    fn deletion_secret(&self) -> [u8; 32] {
        self.cx.store.own_secret("proof of deletion")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_proof_is_good_until_anything_in_it_is_changed() {
        let erased = Erased { had_voiceprint: true, calls: 3, consents: 1, numbers_blanked: 0, recordings_queued: 2 };
        let (tenant, at) = (Tenant::main(), "2026-05-01T10:00:00.123456789Z".parse().unwrap());
        let id = CallerId(Uuid::from_u128(7));
        let secret = [7; 32];
        let proof = DeletionProof { id, tenant, at, erased, signature: String::new() }.signed(&secret);
        let read: DeletionProof = serde_json::from_str(&serde_json::to_string(&proof).unwrap()).unwrap();
        assert!(read.is_signed(&secret) && !read.is_signed(&[8; 32]));
        let changed = [
            DeletionProof { id: CallerId(Uuid::from_u128(8)), ..proof.clone() },
            DeletionProof { tenant: Tenant::parse("acme").unwrap(), ..proof.clone() },
            DeletionProof { at: Timestamp::UNIX_EPOCH, ..proof.clone() },
            DeletionProof { erased: Erased { calls: 4, ..erased }, ..proof.clone() },
            DeletionProof { signature: String::new(), ..proof.clone() },
        ];
        assert!(changed.iter().all(|proof| !proof.is_signed(&secret)));
    }

    /// hmac.new(bytes([7]) * 32, json, "sha256") of Python, base64url without padding.
    #[test]
    fn what_is_signed_can_be_computed_elsewhere() {
        let erased = Erased { had_voiceprint: false, calls: 0, consents: 0, numbers_blanked: 0, recordings_queued: 0 };
        let (tenant, at) = (Tenant::main(), "2026-05-01T10:00:00Z".parse().unwrap());
        let proof = DeletionProof { id: CallerId(Uuid::nil()), tenant, at, erased, signature: String::new() };
        assert_eq!(proof.signed(&[7; 32]).signature, "l_45qAmvQ4Y0yucrpdC0os0-cb6ZdayjCPaY0T_XQWk");
    }
}
