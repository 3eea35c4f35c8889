//! Days that are otherwise than the week says.

use sea_orm::entity::prelude::*;

/// One exception, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_exception")]
pub struct Model {
    /// Never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The calendar.
    pub calendar_id: Uuid,
    /// What it is called.
    pub name: String,
    /// `name` in lower case, for search and order.
    pub name_fold: String,
    /// `ONCE`, `DAILY`, `WEEKLY`, `MONTHLY_ON_DAY`, `MONTHLY_ON_POSITION`, `YEARLY_ON_DAY` or `YEARLY_ON_POSITION`.
    pub recurrence: String,
    /// The first day that it can hold on.
    pub start_on: Date,
    /// The last; null without end.
    pub end_on: Option<Date>,
    /// How often it holds at most; null where `end_on` or nothing ends it.
    pub occurrences: Option<i32>,
    /// Of how many days, weeks or months each one counts.
    pub every: i32,
    /// Days of the week, comma-separated, where it is weekly.
    pub weekdays: Option<String>,
    /// 1 to 12, where it is yearly.
    pub month: Option<i32>,
    /// 1 to 31, where it is on a day of a month.
    pub month_day: Option<i32>,
    /// `FIRST` to `FOURTH` or `LAST`, where it is on a position.
    pub position: Option<String>,
    /// What it is the position of: a day of the week, `DAY`, `WEEKDAY` or `WEEKEND_DAY`.
    pub position_of: Option<String>,
    /// Working times of those days; empty for none.
    pub working_times: String,
    /// The system that it came from.
    pub external_system: Option<String>,
    /// Its id there.
    pub external_id: Option<String>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub updated_by_id: Option<Uuid>,
    /// When the row was archived; null while it can be changed.
    pub archived_at: Option<DateTimeUtc>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
