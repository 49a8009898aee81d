//! The `callprint` program: parse the command line, run one command, exit with its code.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// ONNX Runtime's own builds keep a device id and report to Microsoft, unless this is set before they are loaded.
///
/// Switching it off through the API comes too late: its files are written by then.
const NO_TELEMETRY: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
    if std::env::var_os(NO_TELEMETRY).is_none() {
        return again_without_telemetry();
    }
    callprint::cli::run()
}

/// Starts over, as the same process, with the variable set; a program cannot safely change its own environment.
fn again_without_telemetry() -> ExitCode {
    let Ok(program) = std::env::current_exe() else {
        eprintln!("error: cannot find the program itself; set {NO_TELEMETRY}=1");
        return ExitCode::from(2);
    };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| program.clone().into());
    let error = Command::new(program).arg0(name).args(arguments).env(NO_TELEMETRY, "1").exec();
    eprintln!("error: cannot start over without telemetry: {error}; set {NO_TELEMETRY}=1");
    ExitCode::from(2)
}
