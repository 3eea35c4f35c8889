//! Less of the demonstration for tests: hundreds of them copy it and page through all of it. Of every kind of row there are
//! some left, and the items that its stories are about keep all of theirs.

use foliograph::graph::Database;
use sea_orm::ConnectionTrait;

/// Items that keep everything: those of the stories, and those that have what no other has.
const WHOLE: &str = "'PR-020', 'PG-ERP', 'PR-015', 'PR-001', 'PR-002', 'PR-010', 'PR-014', 'PR-016', 'PR-038', 'PR-040', \
    'PR-042', 'PR-043', 'PR-044', 'PR-048', 'PR-052', 'PR-054'";

/// Takes away what is more of the same: older reports, and lines of budgets and forecasts.
pub async fn make(database: &Database) {
    let others = format!("SELECT id FROM portfolio_item WHERE key NOT IN ({WHOLE})");
    let old = format!(
        "SELECT id FROM status_report WHERE state = 'PUBLISHED' AND archived_at IS NULL AND period_end_on < '2026-01-01' AND item_id IN ({others})"
    );
    for text in [
        format!("DELETE FROM rag_assessment WHERE report_id IN ({old})"),
        format!("DELETE FROM status_report WHERE id IN ({old})"),
        format!("DELETE FROM budget_line WHERE item_id IN ({others})"),
        format!("DELETE FROM forecast_line WHERE item_id IN ({others})"),
    ] {
        database.orm.execute_unprepared(&text).await.unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}
