//! Lists of projects by their budgets, the largest first, and a portfolio's money by its days: read from an index, however
//! many there are. The text of the budget's is that of the order, which puts amounts of one currency together.

use crate::step::Step;

pub(crate) const STEP: Step = Step { file: file!(), up: UP, down: DOWN };

const UP: &[&str] = &[
    "create index portfolio_item_state_budget on portfolio_item (kind, state, \
     (case when budget_amount is not null then base_currency end) desc {nulls_last}, \
     budget_amount desc {nulls_last}, id desc)",
    "create index portfolio_item_portfolio_budget on portfolio_item (portfolio_id, kind, \
     (case when budget_amount is not null then base_currency end) desc {nulls_last}, \
     budget_amount desc {nulls_last}, id desc)",
    "create index commitment_portfolio_committed on commitment (portfolio_id, committed_on)",
    "drop index commitment_portfolio",
    "create index actual_portfolio_posting on actual (portfolio_id, posting_on)",
    "drop index actual_portfolio",
];

const DOWN: &[&str] = &[
    "create index actual_portfolio on actual (portfolio_id)",
    "drop index actual_portfolio_posting",
    "create index commitment_portfolio on commitment (portfolio_id)",
    "drop index commitment_portfolio_committed",
    "drop index portfolio_item_portfolio_budget",
    "drop index portfolio_item_state_budget",
];
