//! The matrix of items and objectives, a row for each cell that is not empty.

use entity::alignment_cell::{self, Column as C};

use super::{contribution::RATING, on_day::MATRIX};
use crate::{
    auth::Class,
    graph::decl::{Entity, Field, OfItem, RowScope, Scalar},
};

/// Cells carry their item's state: who sees the item sees its row of the matrix.
const ROWS: RowScope = RowScope::OfItem(OfItem { state: Some("state"), ..OfItem::USUAL });

/// `AlignmentCell`.
pub fn declare() -> Entity {
    Entity::new(
        "AlignmentCell",
        &alignment_cell::Entity,
        Class::Basic,
        ROWS,
        "Where an item and an objective meet: what the item contributes, weighed by money. Archived contributions and objectives are left out.",
    )
    .node("aln", "alignmentCell", "alignmentMatrix")
    .derived()
    .day_list(MATRIX)
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "The item: the matrix's row."),
        Field::one("objective", C::ObjectiveId, "StrategicObjective", "The objective: the matrix's column."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
        Field::choice("rating", &RATING, C::Rating, "How much the item contributes, in words; null where only the share is known."),
        Field::scalar("share", Scalar::Percent, C::Share, "The part of the item that serves the objective; null where only the rating is known."),
        Field::scalar("objectiveShare", Scalar::Percent, C::ObjectiveShare, "The objective's share among its siblings; null where it has none."),
        Field::date("validFromOn", C::ValidFromOn, "The first day on which the contribution holds; null for always."),
        Field::date("validToOn", C::ValidToOn, "The last day on which the contribution holds; null for no end."),
        Field::money(
            "budget",
            Class::Fin,
            (C::BudgetAmount, C::BaseCurrency),
            false,
            "The item's current approved budget. An item that meets several objectives has it in each cell, so it is not summed.",
        ),
        Field::money(
            "alignedBudget",
            Class::Fin,
            (C::AlignedAmount, C::BaseCurrency),
            true,
            "The item's current approved budget times `share`, rounded half to even at 1/10,000; null where one of them is.",
        ),
    ])
}
