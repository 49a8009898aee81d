//! Frame benchmarks.
fn main() {}
