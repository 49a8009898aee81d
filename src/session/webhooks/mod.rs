//! Telling customers what happened: whom, of what, and how it went.
//!
//! Events are queued in the transaction of what they tell. Each is signed as reports of listenings are, and tried until the
//! receiver takes it or a day has passed; a receiver may get one twice and knows it by its id.

mod address;
mod courier;
mod error;
mod hooks;
mod work;

pub(super) use courier::Courier;
pub use error::WebhookError;
pub use hooks::{DeliveryPage, DeliveryView, NewWebhookView, WebhookList, WebhookView, WebhookWanted};
pub(super) use work::{deliver, note};
