//! Whom a change of another row concerns: SELECTs of ids for the facts of derivations.

use crate::kpi::measure::Fact;

/// Items that become confidential or no longer are, by themselves or by what they stand below; the SELECT gives the owners.
pub fn hiding(select: &'static str) -> [Fact; 3] {
    ["Portfolio", "Program", "Project"]
        .map(|entity| Fact { fields: &["confidentiality", "parent"], ..Fact::behind(entity, select) })
}

/// Those who work by calendars, or by others that these are the base of.
macro_rules! by {
    ($calendars:literal, $column:literal) => {
        concat!(
            "SELECT id FROM (WITH RECURSIVE c(id) AS (SELECT ",
            $calendars,
            "{ids} UNION SELECT w.id FROM work_calendar w JOIN c ON w.base_id = c.id) SELECT DISTINCT r.",
            $column,
            " AS id FROM resource r JOIN c ON r.calendar_id = c.id WHERE r.",
            $column,
            " IS NOT NULL) y"
        )
    };
}

/// Resources.
pub mod resources {
    /// Those who work by calendars.
    pub const BY_CALENDARS: &str = by!("id FROM work_calendar WHERE id", "id");
    /// Those whose calendars have exceptions.
    pub const BY_EXCEPTIONS: &str = by!("calendar_id FROM calendar_exception WHERE id", "id");
    /// Those who are booked for items, or for what is below them.
    pub const ON_ITEMS: &str = "SELECT DISTINCT l.resource_id AS id FROM item_ancestor a JOIN allocation l ON l.item_id = a.item_id WHERE a.ancestor_id{ids}";
}

/// Pools.
pub mod pools {
    /// The pool of whom a row is of.
    macro_rules! of {
        ($table:literal) => {
            concat!(
                "SELECT DISTINCT r.pool_id AS id FROM ",
                $table,
                " x JOIN resource r ON r.id = x.resource_id WHERE r.pool_id IS NOT NULL AND x.id{ids}"
            )
        };
    }

    /// Those of whom is off.
    pub const OF_TIME_OFF: &str = of!("time_off");
    /// Those of whom has skills.
    pub const OF_SKILLS: &str = of!("resource_skill");
    /// Those of whom is booked.
    pub const OF_ALLOCATIONS: &str = of!("allocation");
    /// Those of whom recorded time.
    pub const OF_TIME: &str = of!("time_entry");
    /// Those of whom has weeks.
    pub const OF_SHEETS: &str = of!("timesheet");
    /// Those of whom works by calendars.
    pub const BY_CALENDARS: &str = by!("id FROM work_calendar WHERE id", "pool_id");
    /// Those of whom works by calendars with exceptions.
    pub const BY_EXCEPTIONS: &str = by!("calendar_id FROM calendar_exception WHERE id", "pool_id");
    /// The pools of those who are booked for items, or for what is below them, and those that are asked there.
    pub const ON_ITEMS: &str = "SELECT DISTINCT x.pool_id AS id FROM item_ancestor a JOIN \
        (SELECT l.item_id, r.pool_id FROM allocation l JOIN resource r ON r.id = l.resource_id \
        UNION ALL SELECT item_id, pool_id FROM resource_request) x ON x.item_id = a.item_id \
        WHERE x.pool_id IS NOT NULL AND a.ancestor_id{ids}";
}
