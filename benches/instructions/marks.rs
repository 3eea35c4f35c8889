//! Where the count begins anew: callgrind is told these names, and ends a part before each of them is called. Each says
//! something else, so that no two of them become one.

use std::hint::black_box;

/// What tells callgrind so.
pub const OPTIONS: [&str; 4] = [
    "--dump-before=*mark_request_begins*",
    "--dump-before=*mark_rows_begin*",
    "--dump-before=*mark_rows_end*",
    "--dump-before=*mark_request_ends*",
];

/// A request comes.
#[inline(never)]
pub fn mark_request_begins() {
    black_box("a request begins");
}

/// A statement is bound; rows are made.
#[inline(never)]
pub fn mark_rows_begin() {
    black_box("rows begin");
}

/// The rows of a statement are there.
#[inline(never)]
pub fn mark_rows_end() {
    black_box("rows end");
}

/// The answer is there.
#[inline(never)]
pub fn mark_request_ends() {
    black_box("a request ends");
}

/// What ends a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// What is counted before is nobody's.
    RequestBegins,
    /// What is counted before is ours.
    RowsBegin,
    /// What is counted before made rows.
    RowsEnd,
    /// What is counted before is ours.
    RequestEnds,
}

impl Mark {
    /// The mark that callgrind names.
    pub fn of(trigger: &str) -> Option<Self> {
        [
            ("mark_request_begins", Self::RequestBegins),
            ("mark_rows_begin", Self::RowsBegin),
            ("mark_rows_end", Self::RowsEnd),
            ("mark_request_ends", Self::RequestEnds),
        ]
        .into_iter()
        .find_map(|(name, mark)| trigger.contains(name).then_some(mark))
    }
}
