//! Any text is refused as a token, and a key has one text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| foliograph::fuzzing::credential(text));
