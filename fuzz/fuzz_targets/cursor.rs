//! Any text is refused as a cursor.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| foliograph::fuzzing::cursor(text));
