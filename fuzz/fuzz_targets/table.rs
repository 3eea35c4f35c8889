//! Any bytes are read as a file of rows, or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| foliograph::fuzzing::table(bytes));
