//! Where an API key is taken from, and when it was used last.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "alter table api_key add column address_ranges {text} check (address_ranges <> '')",
    "alter table api_key add column last_used_at {instant}",
];

const DOWN: &[&str] =
    &["alter table api_key drop column last_used_at", "alter table api_key drop column address_ranges"];
