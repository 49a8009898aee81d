use std::path::PathBuf;

use super::Exit;
use super::models::ModelArgs;

/// Measures error rates over lists of recordings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tab-separated list of enrollments: model, take1, take2, take3
    #[arg(long, value_name = "TSV")]
    enroll: PathBuf,
    #[command(flatten)]
    models: ModelArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    anyhow::bail!("eval is being built: {:?} {:?}", args.enroll, args.models.to_config(1));
}
