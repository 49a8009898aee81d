//! Callprint: self-hosted voice authentication for phone lines.

pub mod audio;
pub mod cli;
pub mod config;
pub mod dialog;
pub mod engine;
pub mod features;
pub mod http;
pub mod models;
pub mod phone;
pub mod scoring;
pub mod session;
pub mod store;
pub mod twilio;
pub mod twiml;
pub mod types;
pub mod vad;
