//! How the types of the domain stand in columns; for the store's own queries.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dialog::Consent;
use crate::types::media::Track;
use crate::types::{
    AttemptId, Attestation, CallSid, CallerId, E164, LineName, ListeningId, RecordingSid, Source, StreamId, Strictness,
    Tenant,
};

/// A time as a column: milliseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let ms = value.as_i64()?;
        Timestamp::from_millisecond(ms).map(Self).map_err(|_| FromSqlError::OutOfRange(ms))
    }
}

/// A time as its column gives it back.
pub(super) fn kept(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Separates a tenant's name from its user id in the column; no user id has it.
const SEPARATOR: char = '\u{1f}';

/// A user id as its column has it: those of the tenant `main` as they are.
pub(super) fn user_column(tenant: &Tenant, user: &str) -> String {
    if *tenant == Tenant::main() { user.to_owned() } else { format!("{tenant}{SEPARATOR}{user}") }
}

/// The user id that a column holds.
pub(super) fn user_id(column: String) -> String {
    match column.split_once(SEPARATOR) {
        Some((_, user)) => user.to_owned(),
        None => column,
    }
}

/// A value as a column of JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text =
            serde_json::to_string(&self.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // The parser's message could quote the value, so it is left out.
        serde_json::from_str(value.as_str()?).map(Self).map_err(|_| FromSqlError::Other("not the JSON expected".into()))
    }
}

/// Columns that hold a type's own text form.
macro_rules! text_columns {
    ($($name:ty: $text:expr, $parse:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let text: fn(&$name) -> String = $text;
                Ok(text(self).into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let parse: fn(&str) -> Option<$name> = $parse;
                parse(value.as_str()?).ok_or_else(|| FromSqlError::Other(concat!("not a ", stringify!($name)).into()))
            }
        }
    )*};
}

text_columns! {
    CallerId: |id| id.to_string(), |text| text.parse().ok().map(CallerId);
    AttemptId: |id| id.as_str().to_owned(), |text| AttemptId::parse(text).ok();
    CallSid: |sid| sid.as_str().to_owned(), |text| CallSid::parse(text).ok();
    RecordingSid: |sid| sid.as_str().to_owned(), |text| RecordingSid::parse(text).ok();
    ListeningId: |id| id.as_str().to_owned(), |text| ListeningId::parse(text).ok();
    StreamId: |id| id.as_str().to_owned(), |text| StreamId::parse(text).ok();
    Source: |source| source.as_str().to_owned(), |text| Source::parse(text);
    E164: |number| number.as_str().to_owned(), |text| E164::parse(text).ok();
    Tenant: |tenant| tenant.as_str().to_owned(), |text| Tenant::parse(text).ok();
    LineName: |line| line.0.clone(), |text| Some(LineName(text.to_owned()));
}

/// Columns that hold one word of a closed list; for the types of this file and, where they stand, of the store itself.
macro_rules! word_columns {
    ($($name:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(match self { $(Self::$variant => $word),* }.into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(rusqlite::types::FromSqlError::Other(concat!("not a ", stringify!($name)).into())),
                }
            }
        }
    )*};
}

word_columns! {
    Consent { None = "none", Given = "given", OptedOut = "opted_out" }
    Attestation { Absent = "absent", Full = "full", Partial = "partial", Failed = "failed" }
    Strictness { Far1Pct = "1%", Far01Pct = "0.1%", Far001Pct = "0.01%" }
    Track { Inbound = "inbound", Outbound = "outbound" }
}

pub(super) use word_columns;
