//! The names of what the edge measures, and the recorder behind `/metrics`.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Webhooks turned away, by code.
pub(super) const REFUSED: &str = "callprint_webhooks_refused_total";
/// Seconds from request to answer, by route.
pub(super) const REQUEST_SECONDS: &str = "callprint_request_seconds";

/// Around what matters to a caller: 0.25 s goes unnoticed, 1 s is the promise, 10 s is the apology.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Starts counting; the first server of a process installs the recorder, later ones share it.
pub(super) fn install() -> &'static Option<PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .inspect_err(|error| tracing::error!("no histogram buckets: {error}"))
            .unwrap_or_default();
        builder.install_recorder().inspect_err(|error| tracing::error!("no metrics: {error}")).ok()
    })
}

/// Everything counted so far.
pub(super) fn render() -> String {
    install().as_ref().map(PrometheusHandle::render).unwrap_or_default()
}
