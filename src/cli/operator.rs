//! Shared by the operator's commands: names, times, masks and tables.

use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::command::say;
use crate::dialog::Standing;
use crate::store::{Caller, CallerRef, Store};
use crate::types::{E164, Timestamp};

/// The caller that is meant, or a complaint.
pub(super) async fn find(store: &Store, who: &str) -> anyhow::Result<Caller> {
    let found = store.find_caller(&CallerRef::parse(who)).await?;
    found.with_context(|| format!("nobody is called {who}: give an id, +number, account number or user id"))
}

/// Prints one JSON value.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Whether numbers are shown in clear.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    /// They are.
    pub(super) is_off: bool,
}

impl Mask {
    /// A phone number as it may be shown.
    pub(super) fn number(self, number: &E164) -> String {
        if self.is_off { number.as_str().to_owned() } else { number.masked() }
    }

    /// An account number as it may be shown: it is half of what a stranger would need.
    pub(super) fn account(self, digits: &str) -> String {
        let hidden = if self.is_off { 0 } else { digits.len().saturating_sub(2) };
        "•".repeat(hidden) + digits.get(hidden..).unwrap_or_default()
    }
}

/// A time for people: to the second, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A standing for people.
pub(super) fn standing(standing: Standing) -> String {
    match standing {
        Standing::Clear => "clear".to_owned(),
        Standing::Cooldown { until } => format!("cooldown until {}", moment(until)),
        Standing::Locked => "locked".to_owned(),
    }
}

/// Reads a length of time: a number and `m`, `h` or `d`.
pub(super) fn parse_span(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number and m, h or d, for example 30m, 24h or 7d".to_owned();
    let unit = text.chars().last().ok_or_else(expected)?;
    let hours = match unit {
        'm' => 0,
        'h' => 1,
        'd' => 24,
        _ => return Err(expected()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| expected())?;
    let minutes = if hours == 0 { Some(count) } else { count.checked_mul(hours * 60) };
    let seconds = minutes.and_then(|minutes| minutes.checked_mul(60)).filter(|&seconds| seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(expected)
}

/// Reads a time: RFC 3339, a date, or how long ago as in [`parse_span`].
pub(super) fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
        return Ok(midnight.timestamp());
    }
    let ago = parse_span(text).map_err(|_| "expected a time (2026-11-21T08:00Z), a date, or an age such as 7d")?;
    Timestamp::now().checked_sub(ago).map_err(|error| error.to_string())
}

/// Prints rows in columns as wide as they need to be.
pub(super) fn print_table<const N: usize>(header: [&str; N], rows: &[[String; N]]) {
    let mut widths = header.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let print = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        say!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print(header);
    for row in rows {
        print(row.each_ref().map(String::as_str));
    }
}

/// Prints a name and a value a line.
pub(super) fn print_fields(fields: &[(&str, String)]) {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        say!("{name:width$}  {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        let cases = [("30m", Some(1_800)), ("24h", Some(86_400)), ("7d", Some(604_800))];
        let refused = ["", "h", "0h", "-1h", "5", "5s", "1.5h", "99999999999999999999d", "99999999999999999d", "5é"];
        let cases = cases.into_iter().chain(refused.map(|text| (text, None)));
        for (text, seconds) in cases {
            assert_eq!(parse_span(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn since_is_a_time_a_date_or_an_age() {
        let eight = Timestamp::from_second(1_795_248_000).unwrap();
        assert_eq!(parse_since("2026-11-21T08:00:00Z"), Ok(eight));
        assert_eq!(parse_since("2026-11-21T09:00:00+01:00"), Ok(eight));
        assert_eq!(parse_since("2026-11-21").unwrap().to_string(), "2026-11-21T00:00:00Z");
        assert!(parse_since("1h").unwrap() < Timestamp::now());
        for text in ["", "yesterday", "2026-13-01", "7x"] {
            assert!(parse_since(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_masked_unless_asked_for() {
        let number = E164::parse("+15550100001").unwrap();
        let (on, off) = (Mask { is_off: false }, Mask { is_off: true });
        assert_eq!((on.number(&number), off.number(&number)), ("+•••••••••01".to_owned(), "+15550100001".to_owned()));
        assert_eq!((on.account("12345678"), off.account("12345678")), ("••••••78".to_owned(), "12345678".to_owned()));
    }
}
