//! What holds on a day: the matrix of a day, and the items that serve nothing on it.

use serde_json::{Value as Json, json};

use crate::graph::decl::{DAY, DayList};

/// `alignmentMatrix` with a day. It shows all days where none is given: with the days of each cell in it, as the list of
/// any other type shows all its rows.
pub(super) const MATRIX: DayList = DayList {
    name: "alignmentMatrix",
    doc: "The AlignmentCell rows that the caller can see.",
    on: "Only contributions that hold on this day; those of all days if not given.",
    is_today: false,
    condition: || json!({ "and": holds() }),
};

/// `unalignedItems`.
pub const UNALIGNED: DayList = DayList {
    name: "unalignedItems",
    doc: "Items that are neither over nor archived and contribute to no objective on a day: none of their contributions that hold then has a share above 0 or, where only the rating is known, a rating above NONE. What is archived, a contribution or its objective, does not count: a cell of the alignment matrix is asked for.",
    on: "The day; today (UTC) if not given.",
    is_today: true,
    condition: || {
        json!({
            "state": { "nin": ["CLOSED", "CANCELLED"] },
            "archivedAt": { "isNull": true },
            "alignment": { "none": {
                "and": holds(),
                "or": [
                    { "share": { "gt": "0" } },
                    { "share": { "isNull": true }, "rating": { "neq": "NONE" } },
                ],
            } },
        })
    },
};

/// The conditions that a contribution holds on the day.
fn holds() -> Json {
    json!([
        { "or": [{ "validFromOn": { "isNull": true } }, { "validFromOn": { "lte": DAY } }] },
        { "or": [{ "validToOn": { "isNull": true } }, { "validToOn": { "gte": DAY } }] },
    ])
}
