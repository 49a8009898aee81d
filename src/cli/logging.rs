//! Where log lines go and what they look like: standard error, one JSON object or one readable line each.

use std::io;
use std::panic::PanicHookInfo;

use anyhow::Context;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Libraries that name URLs, headers or SQL values below this level; no filter makes them talk.
const QUIET: [&str; 6] =
    ["h2=warn", "hyper=warn", "hyper_util=warn", "reqwest=warn", "rustls=warn", "refinery_core=warn"];

/// Sends everything logged from now on to standard error, as configured.
///
/// # Errors
/// When the filter is malformed or logging was set up before.
pub(super) fn init(log: &Log) -> anyhow::Result<()> {
    subscriber(log, io::stderr)?.try_init().context("logging is set up already")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(log: &Log, writer: W) -> anyhow::Result<Box<dyn Subscriber + Send + Sync>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let mut filter = EnvFilter::try_new(&log.filter).context("log.filter is not a tracing filter")?;
    for quiet in QUIET {
        filter = filter.add_directive(quiet.parse()?);
    }
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match log.format {
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
        LogFormat::Text => Box::new(lines.compact().with_ansi(false).finish()),
    })
}

/// Says where, not what: a panic's text may hold anything.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a bug: a task panicked");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, filter: &str, log: impl FnOnce()) -> String {
        let page = Page::default();
        let copy = page.clone();
        let subscriber = subscriber(&Log { format, filter: filter.to_owned() }, move || copy.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields_on_top() {
        let line = written(LogFormat::Json, "info", || tracing::info!(route = "/call/turn", ms = 12, "answered"));
        let value: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
        assert_eq!(value["message"], "answered");
        assert_eq!(value["route"], "/call/turn");
        assert_eq!(value["ms"], 12);
    }

    #[test]
    fn no_filter_makes_the_http_libraries_name_urls() {
        let lines = written(LogFormat::Text, "trace", || {
            tracing::debug!(target: "reqwest::connect", "starting new connection: https://api.example/secret");
            tracing::trace!("ours");
        });
        assert!(lines.contains("ours") && !lines.contains("secret"), "{lines}");
    }

    #[test]
    fn a_malformed_filter_is_refused() {
        assert!(subscriber(&Log { format: LogFormat::Json, filter: "callprint=loud".to_owned() }, io::stderr).is_err());
    }
}
