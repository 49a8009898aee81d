//! Callprint: self-hosted voice authentication for phone lines.

pub mod config;
pub mod dialog;
pub mod types;
