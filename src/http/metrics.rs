//! The names of what the edge measures, and the recorder behind `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Webhooks turned away, by code.
pub(super) const REFUSED: &str = "callprint_webhooks_refused_total";
/// Requests of clients that were refused, by code.
pub(super) const API_REFUSED: &str = "callprint_api_refused_total";
/// Seconds from request to answer, by route.
pub(super) const REQUEST_SECONDS: &str = "callprint_request_seconds";

/// Around what matters to a caller: 0.25 s goes unnoticed, 1 s is the promise, 10 s is the apology.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// As often as the recorder's own servers do it.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Starts counting; the first server of a process installs the recorder, later ones share it.
pub(super) fn install() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let recorder = RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .inspect_err(|error| tracing::error!("no histogram buckets: {error}"))
            .unwrap_or_default();
        builder.install_recorder().inspect_err(|error| tracing::error!("no metrics: {error}")).ok()
    });
    recorder.as_ref()
}

/// Folds what was measured into the histograms, for as long as it is polled: unread measurements would pile up.
pub(super) async fn upkeep() {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        if let Some(recorder) = install() {
            recorder.run_upkeep();
        }
    }
}

/// Everything counted so far.
pub(super) fn render() -> String {
    install().map(PrometheusHandle::render).unwrap_or_default()
}
