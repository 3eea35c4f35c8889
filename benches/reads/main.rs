//! Placeholder while the dependencies build.
fn main() {}
