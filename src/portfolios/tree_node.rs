//! What is below an item, however deep, the item itself among it: rows to count, to sum and to group for roll-ups.

use entity::portfolio_tree_node::{self, Column as C};

use super::item::{CATEGORY, STATE};
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
    reporting::rag_assessment::RAG,
};

/// `ItemKind`.
static KIND: EnumDecl = EnumDecl {
    name: "ItemKind",
    doc: "What an item is.",
    values: &[("PORTFOLIO", "A portfolio."), ("PROGRAM", "A program."), ("PROJECT", "A project.")],
};

/// `PortfolioTreeNode`.
pub fn declare() -> Entity {
    let rows = RowScope::OfItem(OfItem { state: Some("state"), ..OfItem::USUAL });
    // That something stands above an item is told only to who sees that too.
    let root = RowScope::OfItem(OfItem {
        item: "root_id",
        portfolio: "root_portfolio_id",
        restricted: "is_root_restricted",
        state: Some("root_state"),
        ..OfItem::USUAL
    });
    Entity::new(
        "PortfolioTreeNode",
        &portfolio_tree_node::Entity,
        Class::Basic,
        rows,
        "An item with one that it stands below, however far, or with itself. Filter by `root` and group, count and sum: that is a roll-up of the root.",
    )
    .node("ptn", "portfolioTreeNode", "portfolioTree")
    .derived()
    .beside(root)
    .fields([
        Field::one("root", C::RootId, "PortfolioItem", "The item above."),
        Field::one("item", C::ItemId, "PortfolioItem", "The item itself."),
        Field::scalar("depth", Scalar::Int, C::Depth, "How many steps it stands below the root; 0 is the root itself.")
            .required()
            .grouped(),
        Field::choice("kind", &KIND, C::ItemKind, "What the item is.").required(),
        Field::choice("state", &STATE, C::State, "Where the item stands.").required(),
        Field::choice("category", &CATEGORY, C::Category, "What the item's money is for; null when not classified."),
        Field::scalar("priority", Scalar::Int, C::Priority, "The item's priority, 1 highest to 5 lowest; null when not ranked.").grouped(),
        Field::choice("rag", &RAG, C::Rag, "The overall rating of the item's latest published report; null before the first."),
        Field::date("ragOn", C::RagOn, "The last day of the period of that report; null before the first."),
        Field::money("budget", Class::Fin, (C::BudgetAmount, C::BaseCurrency), true, "The item's current approved budget, in its base currency; null when none is approved."),
        Field::scalar("baseCurrency", Scalar::CurrencyCode, C::BaseCurrency, "The currency that the item is planned in.").required().grouped(),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
        Field::scalar("archivedAt", Scalar::DateTime, C::ArchivedAt, "When the item was archived; null while it can be changed."),
    ])
}
