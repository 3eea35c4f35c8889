//! Documents that clients name by their hash.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &["create table trusted_document (
    id {text} not null primary key,
    text {text} not null,
    operations {text} not null,
    added_at {instant} not null
)"];

const DOWN: &[&str] = &["drop table trusted_document"];
