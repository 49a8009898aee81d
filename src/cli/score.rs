use std::path::PathBuf;

use super::Exit;
use super::models::ModelArgs;

/// Compares one recording with three of an enrolled speaker.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A recording of the enrolled speaker; give it three times
    #[arg(long = "enroll", value_name = "WAV", required = true, num_args = 1)]
    enroll: Vec<PathBuf>,
    /// The recording to verify
    #[arg(value_name = "PROBE")]
    probe: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    models: ModelArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    anyhow::bail!(
        "score is being built: {:?} {:?} {} {:?}",
        args.enroll,
        args.probe,
        args.json,
        args.models.to_config(1)
    );
}
