//! The server's edge: routes, signatures, limits. Handlers translate; the rooms below decide.

mod api;
mod demo;
mod docs;
mod error;
mod health;
mod media;
mod metrics;
mod public;
mod router;
mod routes;
mod signed;
mod voiceit;
mod web;
mod webhooks;

pub use public::{PUBLIC, Public};
pub use router::routes;
pub use routes::{Access, Route};

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::make::Shared;

use demo::DemoLimiter;

use crate::app::App;
use crate::twilio::{SignatureError, Verifier};
use crate::types::AccountSid;

/// The state that every handler is given.
#[derive(Clone)]
struct Edge {
    app: App,
    verifier: Arc<Verifier>,
    account: AccountSid,
    request_slots: Arc<Semaphore>,
    demo_limiter: Arc<DemoLimiter>,
}

/// Why the server could not run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// There is nothing to check signatures with or against.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The account's id is malformed.
    #[error("twilio.account_sid: {0}")]
    Account(#[from] crate::types::BadSid),
    /// The socket failed.
    #[error("cannot serve: {0}")]
    Socket(#[from] std::io::Error),
}

/// Answers webhooks on `listener` until `shutdown` ends, then lets open requests finish.
///
/// The background work is stopped as well; when this returns nothing is running any more.
///
/// # Errors
/// [`ServeError`] when the configuration cannot be served or the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    metrics::install();
    let config = app.config();
    let grace = Duration::from_secs(config.server.shutdown_grace_s);
    let tokens =
        [&config.twilio.auth_token, &config.twilio.auth_token_previous].into_iter().flatten().cloned().collect();
    let edge = Edge {
        app: app.clone(),
        verifier: Arc::new(Verifier::new(tokens, &config.server.public_url)?),
        account: AccountSid::parse(&config.twilio.account_sid)?,
        request_slots: Arc::new(Semaphore::new(config.server.max_requests)),
        demo_limiter: Arc::default(),
    };

    let stopping = CancellationToken::new();
    let told = {
        let (stopping, app) = (stopping.clone(), app.clone());
        async move {
            shutdown.await;
            app.drain();
            stopping.cancel();
        }
    };
    let overdue = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    // As a router, every connection would be given a copy of all routes: a hundred of them are 140 KiB.
    let shared = Shared::new(router::router(edge).into_service::<Body>());
    let outcome = tokio::select! {
        outcome = axum::serve(listener, shared).with_graceful_shutdown(told) => outcome,
        () = metrics::upkeep() => Ok(()),
        () = overdue => {
            tracing::warn!(grace_s = grace.as_secs(), "stopped with requests still open");
            Ok(())
        }
    };
    app.shutdown(grace).await;
    Ok(outcome?)
}
