//! A category of cost: what money is spent on.

use entity::cost_category::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, Field, RowScope, Scalar},
};

/// `CostCategory`.
pub fn declare() -> Entity {
    Entity::new("CostCategory", &cost_category::Entity, Class::Basic, RowScope::Reference, "What money is spent on.")
        .node("ccy", "costCategory", "costCategories")
        .keyed_by(Step::FinanceSetUp, C::Key, "The human key; unique.")
        .fields([
            Field::text("name", C::Name, C::NameFold, "The name.").required().written_by(Step::FinanceSetUp),
            Field::scalar("account", Scalar::String, C::Account, "The account of the ledger; null when not said.")
                .grouped()
                .written_by(Step::FinanceSetUp),
            Field::scalar(
                "isCapexAllowed",
                Scalar::Boolean,
                C::IsCapexAllowed,
                "Whether lines of it may be capital expenditure; not if not said.",
            )
            .required()
            .grouped()
            .written_by(Step::FinanceSetUp)
            .defaulted(),
            Field::one("parent", C::ParentId, "CostCategory", "The category that it is part of; null at the top.")
                .written_by(Step::FinanceSetUp),
            Field::many("children", "CostCategory", C::ParentId, "The categories right below."),
        ])
        .audited()
        .archivable()
}
