//! Permissions: each is a type, and a [`Client`](super::Client) of that type was checked for it.
//!
//! The handlers of `http` and the methods of this room name the permission that they need. Only
//! [`Client`](super::Client) makes a client, so that a check that was left out does not compile.

use std::marker::PhantomData;

use crate::store::Scope;

mod sealed {
    pub trait Sealed {}
}

/// A permission that a client can be checked for.
pub trait Permission: sealed::Sealed + 'static {
    /// Scopes that the key must have, all of them.
    const SCOPES: &'static [Scope];
    /// Whether the key itself must be shown; otherwise a page's token for one user will do as well.
    const NEEDS_KEY: bool;
}

/// A permission that only the key itself gives: such a client may look at more than one user.
pub trait KeyShown: Permission {}

/// A permission that includes verifying a voice.
pub trait Verifies: Permission {}

/// Making callers and voiceprints.
#[derive(Clone, Copy, Debug)]
pub enum Enroll {}

/// Verifying voices.
#[derive(Clone, Copy, Debug)]
pub enum Verify {}

/// Seeing scores, not only verdicts.
#[derive(Clone, Copy, Debug)]
pub enum Scores {}

/// Any key that is worth something.
#[derive(Clone, Copy, Debug)]
pub enum AnyScope {}

/// Looking after the tenant's callers, codes, attempts and webhooks, with the key itself.
#[derive(Clone, Copy, Debug)]
pub enum Administer {}

/// Everything but scores, with the key itself: an account of `VoiceIt`'s knows no scopes.
#[derive(Clone, Copy, Debug)]
pub enum WholeAccount {}

/// The same permission, with the key itself.
#[derive(Clone, Copy, Debug)]
pub struct ByKey<P>(PhantomData<P>);

macro_rules! permissions {
    ($($permission:ty: $scopes:expr, needs key: $needs_key:literal;)+) => {$(
        impl sealed::Sealed for $permission {}

        impl Permission for $permission {
            const SCOPES: &'static [Scope] = $scopes;
            const NEEDS_KEY: bool = $needs_key;
        }
    )+};
}

permissions! {
    AnyScope: &[], needs key: false;
    Enroll: &[Scope::Enroll], needs key: false;
    Verify: &[Scope::Verify], needs key: false;
    Scores: &[Scope::Scores], needs key: false;
    Administer: &[Scope::Admin], needs key: true;
    WholeAccount: &[Scope::Enroll, Scope::Verify, Scope::Admin], needs key: true;
}

impl<P: Permission> sealed::Sealed for ByKey<P> {}

impl<P: Permission> Permission for ByKey<P> {
    const SCOPES: &'static [Scope] = P::SCOPES;
    const NEEDS_KEY: bool = true;
}

impl KeyShown for Administer {}
impl KeyShown for WholeAccount {}
impl<P: Permission> KeyShown for ByKey<P> {}

impl Verifies for Verify {}
impl Verifies for WholeAccount {}
