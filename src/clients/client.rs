//! The client of a request: its key was found and checked. For every concern of this room.
//!
//! A [`Client`] is made by one check only, and holds the tenant: nothing here reads the store for a tenant that no
//! client stands for. A user of the application's is a [`NamedUser`], which only a client makes.

use std::fmt;
use std::marker::PhantomData;

use thiserror::Error;

use super::permission::{KeyShown, Permission};
use crate::store::{ApiKey, CallerRef, Scope, StoreError};
use crate::types::Tenant;

/// Longest user id, in characters.
const MOST_USER: usize = 200;

/// A client that has shown its key, or a page's token, and may do `P`.
pub struct Client<P> {
    key: ApiKey,
    /// The one user it may act for: it has shown a token made for a page.
    page_user: Option<String>,
    permission: PhantomData<fn() -> P>,
}

/// An application's user whom the client may name; there need not be a caller of that id yet.
#[derive(Clone, Debug)]
pub struct NamedUser {
    tenant: Tenant,
    id: String,
}

/// The time over which a key has made too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A minute.
    Minute,
    /// A day, UTC.
    Day,
}

impl Window {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }
}

/// Why a client may not.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No key was shown, or one that is worth nothing.
    #[error("show an API key as `x-api-key: KEY` or `Authorization: Bearer KEY`")]
    Unauthorized,
    /// The token shown is good for another user, or the key itself is needed.
    #[error("what was shown is good for another user only")]
    OtherUser,
    /// The key lacks a scope.
    #[error("the key has not the scope `{}`", .0.as_str())]
    Forbidden(Scope),
    /// The id cannot be a user's.
    #[error("user_id must have 1 to {MOST_USER} characters, none of them a control character")]
    BadUser,
    /// The key has made too many requests.
    #[error("too many requests in a {}", .window.as_str())]
    Limited {
        /// Over which time.
        window: Window,
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::OtherUser | Self::Forbidden(_) => "forbidden",
            Self::BadUser => "invalid_user_id",
            Self::Limited { .. } => "rate_limited",
            Self::Store(_) => "unavailable",
        }
    }
}

impl<P: Permission> Client<P> {
    /// The check that makes every client.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`] where the key itself is needed, [`ClientError::Forbidden`].
    pub(super) fn check(key: ApiKey, page_user: Option<String>) -> Result<Self, ClientError> {
        if P::NEEDS_KEY && page_user.is_some() {
            return Err(ClientError::OtherUser);
        }
        match P::SCOPES.iter().find(|scope| !key.scopes.contains(scope)) {
            Some(missing) => Err(ClientError::Forbidden(*missing)),
            None => Ok(Self { key, page_user, permission: PhantomData }),
        }
    }

    /// The same client, checked for another permission.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`], [`ClientError::Forbidden`].
    pub fn checked_for<Q: Permission>(&self) -> Result<Client<Q>, ClientError> {
        Client::check(self.key.clone(), self.page_user.clone())
    }

    /// A user of the application's, whom this client may name.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`] for a page that acts for another user, [`ClientError::BadUser`].
    pub fn user(&self, id: &str) -> Result<NamedUser, ClientError> {
        if self.page_user.as_deref().is_some_and(|own| own != id) {
            return Err(ClientError::OtherUser);
        }
        if !(1..=MOST_USER).contains(&id.chars().count()) || id.chars().any(char::is_control) {
            return Err(ClientError::BadUser);
        }
        Ok(NamedUser { tenant: self.key.tenant.clone(), id: id.to_owned() })
    }

    /// The key that acts, directly or through a page.
    pub(super) const fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Whether the client may see scores, and not only verdicts.
    pub fn sees_scores(&self) -> bool {
        self.page_user.is_none() && self.key.scopes.contains(&Scope::Scores)
    }
}

impl<P: KeyShown> Client<P> {
    /// The tenant whose callers the client sees, all of them.
    pub(super) const fn tenant(&self) -> &Tenant {
        &self.key.tenant
    }

    /// Whether the tenant answers the phone: callers are known by number there.
    pub(super) fn answers_phone(&self) -> bool {
        self.key.tenant == Tenant::main()
    }
}

impl NamedUser {
    /// The application's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The tenant that the user belongs to.
    pub(super) const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// How the store is asked for the user.
    pub(super) fn reference(&self) -> CallerRef {
        CallerRef::User(self.tenant.clone(), self.id.clone())
    }
}

impl<P> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), page_user: self.page_user.clone(), permission: PhantomData }
    }
}

impl<P> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("key", &self.key.id).field("is_page", &self.page_user.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::permission::{Administer, AnyScope, ByKey, Enroll, Scores, Verify, WholeAccount};
    use crate::types::Timestamp;

    fn key(scopes: &[Scope]) -> ApiKey {
        ApiKey {
            id: "1".to_owned(),
            tenant: Tenant::main(),
            name: String::new(),
            scopes: scopes.to_vec(),
            per_minute: 10,
            per_day: 10,
            is_demo: false,
            made_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
        }
    }

    /// Whether a key of these scopes, and a page of that key, may.
    fn may<P: Permission>(scopes: &[Scope]) -> (bool, bool) {
        let page = Client::<P>::check(key(scopes), Some("anna".to_owned()));
        (Client::<P>::check(key(scopes), None).is_ok(), page.is_ok())
    }

    #[test]
    fn a_key_may_do_what_its_scopes_say_and_a_page_less() {
        let every = Scope::ALL;
        assert_eq!((may::<Verify>(&every), may::<Enroll>(&every)), ((true, true), (true, true)));
        assert_eq!((may::<ByKey<Verify>>(&every), may::<Administer>(&every)), ((true, false), (true, false)));
        assert_eq!((may::<AnyScope>(&[]), may::<ByKey<AnyScope>>(&[])), ((true, true), (true, false)));
        assert_eq!(may::<WholeAccount>(&[Scope::Enroll, Scope::Verify, Scope::Admin]), (true, false));
        for missing in Scope::ALL {
            let others: Vec<Scope> = every.into_iter().filter(|scope| *scope != missing).collect();
            let allowed = [
                (Scope::Enroll, may::<Enroll>(&others)),
                (Scope::Verify, may::<Verify>(&others)),
                (Scope::Admin, may::<Administer>(&others)),
                (Scope::Scores, may::<ByKey<Scores>>(&others)),
            ];
            let refused: Vec<Scope> =
                allowed.into_iter().filter(|(_, (may, _))| !may).map(|(scope, _)| scope).collect();
            assert_eq!(refused, [missing]);
        }
    }

    #[test]
    fn scores_are_seen_by_the_key_itself_alone() {
        let scopes = [Scope::Verify, Scope::Scores];
        let sees =
            |user: Option<&str>| Client::<Verify>::check(key(&scopes), user.map(str::to_owned)).unwrap().sees_scores();
        assert!(sees(None) && !sees(Some("anna")));
        assert!(!Client::<Verify>::check(key(&[Scope::Verify]), None).unwrap().sees_scores());
    }

    #[test]
    fn a_page_names_its_own_user_and_nothing_names_what_cannot_be_one() {
        let page = Client::<Verify>::check(key(&Scope::ALL), Some("anna".to_owned())).unwrap();
        assert_eq!(page.user("anna").unwrap().id(), "anna");
        assert_eq!(page.user("bob").unwrap_err().code(), "forbidden");
        assert_eq!(page.user("").unwrap_err().code(), "forbidden");
        let back_end = page.checked_for::<ByKey<Verify>>();
        assert_eq!(back_end.unwrap_err().code(), "forbidden");
        let back_end = Client::<ByKey<Verify>>::check(key(&Scope::ALL), None).unwrap();
        for id in ["", "an\nna", &"a".repeat(MOST_USER + 1)] {
            assert_eq!(back_end.user(id).unwrap_err().code(), "invalid_user_id", "{id}");
        }
    }
}
