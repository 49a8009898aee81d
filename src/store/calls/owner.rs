//! The owner of takes: a phone call, or an attempt by upload. Both have a row of `calls`; for the rest of the store.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::types::{AttemptId, CallSid};

/// The owner of takes, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Owner<'a> {
    Call(&'a CallSid),
    Upload(&'a AttemptId),
}

impl<'a> Owner<'a> {
    pub(in crate::store) fn as_str(self) -> &'a str {
        match self {
            Self::Call(sid) => sid.as_str(),
            Self::Upload(id) => id.as_str(),
        }
    }
}

impl<'a> From<&'a CallSid> for Owner<'a> {
    fn from(sid: &'a CallSid) -> Self {
        Self::Call(sid)
    }
}

impl<'a> From<&'a AttemptId> for Owner<'a> {
    fn from(id: &'a AttemptId) -> Self {
        Self::Upload(id)
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ToSql for Owner<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

/// The owner of takes, as a column holds it.
///
/// Uploads of before attempts had ids of their own are kept under an id in the form of a call's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum TakeOwner {
    Call(CallSid),
    Upload(AttemptId),
}

impl TakeOwner {
    pub(in crate::store) fn as_ref(&self) -> Owner<'_> {
        match self {
            Self::Call(sid) => Owner::Call(sid),
            Self::Upload(id) => Owner::Upload(id),
        }
    }
}

impl FromSql for TakeOwner {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let upload = || AttemptId::parse(text).ok().map(Self::Upload);
        let owner = CallSid::parse(text).ok().map(Self::Call).or_else(upload);
        owner.ok_or_else(|| FromSqlError::Other("not the owner of a take".into()))
    }
}
