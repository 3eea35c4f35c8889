//! A document becomes a plan and SQL, or is refused; no text of it is in the SQL.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| foliograph::fuzzing::document(text));
