//! Callprint: self-hosted voice authentication for phone lines.

pub mod cli;
pub mod config;
pub mod dialog;
pub mod twilio;
pub mod twiml;
pub mod types;
