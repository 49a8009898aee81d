//! Where a command takes its configuration from: the file, the environment, its own options.

use std::path::PathBuf;

use anyhow::Context;

use crate::config::{self, Config, Environment};

/// The options of every command that needs the configuration.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; `callprint serve --print-config` prints one to start from
    #[arg(long, value_name = "FILE", env = "CALLPRINT_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads the configuration; `options` are variables that win over the environment's.
    pub(crate) fn load(&self, options: &[(&str, String)]) -> anyhow::Result<Config> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let mut environment: Environment = std::env::vars_os().filter_map(text).collect();
        environment.extend(options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        config::load(self.config.as_deref(), &environment).context("configuration")
    }
}
