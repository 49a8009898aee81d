//! The commands that an operator types: one file a command, each with its `Args` and a `run` that returns an `Exit`.
//!
//! The commands that measure are in `crate::lab`, and what all of them share in `crate::command`.
//!
//! Results go to standard output as text, with `--json` as one JSON value; progress and complaints go to
//! standard error. An error ends the program with `Exit::Error` and one line that says what to do about it.

mod api_keys;
mod attempts;
mod call;
mod callers;
mod demo;
mod doctor;
mod keys;
mod logging;
mod operator;
mod serve;
mod transcript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::Exit;
use crate::lab::{attack, calibrate, eval, load, score};

/// Self-hosted voice authentication for phone lines.
#[derive(Debug, Parser)]
#[command(name = "callprint", version, about, long_about = LONG_ABOUT, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "\
Self-hosted voice authentication for phone lines.

Callprint answers a phone number and says whether the caller is who they claim to be. Audio never leaves the machine.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Doctor(doctor::Args),
    Callers(callers::Args),
    Attempts(attempts::Args),
    Keys(keys::Args),
    ApiKeys(api_keys::Args),
    Call(Box<call::Args>),
    Load(Box<load::Args>),
    Score(score::Args),
    Eval(Box<eval::Args>),
    EvalChallenge(eval::challenge::Args),
    Attack(attack::Args),
    Calibrate(Box<calibrate::Args>),
}

/// Runs the command given on the command line.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Callers(args) => callers::run(&args),
        Command::Attempts(args) => attempts::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::ApiKeys(args) => api_keys::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::EvalChallenge(args) => eval::challenge::run(&args),
        Command::Attack(args) => attack::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
    };
    let exit = outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Exit::Error
    });
    ExitCode::from(exit as u8)
}
