//! Stage benchmarks.
fn main() {}
