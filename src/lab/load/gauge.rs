//! The server's use of the machine, from outside: its process under /proc, its counters under /metrics.

use std::fs;
use std::time::Duration;

use url::Url;

/// `/proc` counts CPU time in hundredths of a second on every Linux that is in use.
const TICK_MS: u64 = 10;
/// A server too busy to count within this time is measured another time.
const PATIENCE: Duration = Duration::from_secs(5);

const FRAMES: &str = "callprint_stream_frames_total";
const LATE_FRAMES: &str = "callprint_stream_late_frames_total";
const OPEN_STREAMS: &str = "callprint_open_streams";

/// Reads a server's figures.
pub(super) struct Gauge {
    client: reqwest::Client,
    metrics: Url,
    pid: Option<u32>,
}

/// The figures at one time; what cannot be found out is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) cpu_ms: Option<u64>,
    pub(super) rss_mib: Option<f64>,
    pub(super) frames: Option<f64>,
    pub(super) late_frames: Option<f64>,
    pub(super) open_streams: Option<f64>,
}

impl Gauge {
    pub(super) fn new(server: &Url, pid: Option<u32>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { client, metrics: server.join("/metrics")?, pid })
    }

    pub(super) async fn read(&self) -> Reading {
        let text = match self.client.get(self.metrics.clone()).send().await {
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let of = |file: &str| self.pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/{file}")).ok());
        // A counter that nothing has counted yet is not shown.
        let counter = |name: &str| (!text.is_empty()).then(|| sum(&text, name).unwrap_or(0.0));
        Reading {
            cpu_ms: of("stat").and_then(|stat| cpu_ms(&stat)),
            rss_mib: of("status").and_then(|status| rss_mib(&status)),
            frames: counter(FRAMES),
            late_frames: counter(LATE_FRAMES),
            open_streams: counter(OPEN_STREAMS),
        }
    }
}

/// Our own processor time so far, as the server shares the machine with us.
pub(super) fn own_cpu_ms() -> Option<u64> {
    fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_ms(&stat))
}

/// Time of all threads, in user mode and in the kernel's: fields 14 and 15 of `/proc/<pid>/stat`.
fn cpu_ms(stat: &str) -> Option<u64> {
    // The name of the program, field 2, may hold anything, spaces and parentheses included.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, kernel) = (times.next()?.ok()?, times.next()?.ok()?);
    Some((user + kernel) * TICK_MS)
}

fn rss_mib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok().map(|kib: f64| kib / 1024.0)
}

/// A metric in the text format of Prometheus, over all its labels.
fn sum(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let rest = if rest.starts_with('{') { rest.split_once('}')?.1 } else { rest };
        rest.strip_prefix(' ')?.split(' ').next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_no_other_is_taken_for_it() {
        let text = "# TYPE a_total counter\na_total{way=\"x y\"} 3\na_total{way=\"z\"} 4 1700000000\na_total_more \
        100\nb 1.5\n";
        assert_eq!((sum(text, "a_total"), sum(text, "b"), sum(text, "c")), (Some(7.0), Some(1.5), None));
    }

    #[test]
    fn a_process_is_read_as_the_kernel_writes_it() {
        let stat =
            "42 (a b) c) S 1 42 42 0 -1 4194560 900 0 0 0 250 30 0 0 20 0 9 0 100 1000000 500 18446744073709551615";
        assert_eq!((cpu_ms(stat), cpu_ms("42 (a) S 1")), (Some(2_800), None));
        assert_eq!(rss_mib("VmPeak:\t  9 kB\nVmRSS:\t  307200 kB\nThreads:\t9\n"), Some(300.0));
    }

    #[test]
    fn our_own_process_has_figures() {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        assert!(own_cpu_ms().is_some() && rss_mib(&status).is_some_and(|mib| mib > 1.0));
    }
}
