//! Keys that all processes of one server share.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &["create table server_secret (
    name {text} not null primary key,
    value {bytes} not null
)"];

const DOWN: &[&str] = &["drop table server_secret"];
