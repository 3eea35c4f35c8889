//! The benefits map: how what items deliver leads, by changes and outcomes, to benefits and objectives.

use entity::{
    benefits_map_edge::{self, Column as E},
    benefits_map_node::{self, Column as C},
};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// Drafts until the benefit that they stand for is approved.
const ROWS: RowScope = RowScope::OfItem(OfItem::USUAL.with_drafts());

/// The node at the far end of an edge.
const FAR: RowScope = RowScope::OfItem(OfItem {
    item: "to_item_id",
    portfolio: "to_portfolio_id",
    restricted: "is_to_restricted",
    ..OfItem::USUAL
});

/// `BenefitsMapNodeKind`.
static KIND: EnumDecl = EnumDecl {
    name: "BenefitsMapNodeKind",
    doc: "What stands on a benefits map, in the order in which one leads to the other.",
    values: &[
        ("OUTPUT", "What an item delivers."),
        ("CHANGE", "What is done in another way, or can be done at all."),
        ("OUTCOME", "What comes of that."),
        ("BENEFIT", "What is worth something of it."),
        ("OBJECTIVE", "What the organization wants to reach."),
    ],
};

/// The place of a kind in that order.
pub fn place(kind: &str) -> usize {
    KIND.values.iter().take_while(|(name, _)| *name != kind).count()
}

/// `BenefitsMapNode`.
pub fn declare() -> Entity {
    Entity::new(
        "BenefitsMapNode",
        &benefits_map_node::Entity,
        Class::Ben,
        ROWS,
        "Something on the way from what an item delivers to what the organization wants. It is the office's alone once the benefit that it stands for is approved.",
    )
    .node("bmn", "benefitsMapNode", "benefitsMapNodes")
    .keyed(C::Key, "The human key; unique.")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "The item whose map it is on.").written().once(),
        Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
        Field::choice("kind", &KIND, C::Kind, "What it is.").required().written().once(),
        Field::scalar("description", Scalar::String, C::Description, "What it is in more words; null when nobody wrote it.")
            .unordered()
            .written()
            .longest(20_000),
        Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.").written(),
        Field::one("benefit", C::BenefitId, "Benefit", "The benefit that it stands for, of kind BENEFIT only; null for none, or when the caller cannot see it.")
            .written(),
        Field::one("objective", C::ObjectiveId, "StrategicObjective", "The objective that it stands for, of kind OBJECTIVE only; null for none.")
            .written(),
        Field::many("outgoingEdges", "BenefitsMapEdge", E::FromId, "What it leads to."),
        Field::many("incomingEdges", "BenefitsMapEdge", E::ToId, "What leads to it."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio."),
    ])
    .audited()
    .archivable()
}

/// `BenefitsMapEdge`.
pub fn declare_edge() -> Entity {
    Entity::new(
        "BenefitsMapEdge",
        &benefits_map_edge::Entity,
        Class::Ben,
        ROWS,
        "What leads to what on a benefits map: forward in the order of kinds, and never around. It is there for who sees both nodes.",
    )
    .node("bmg", "benefitsMapEdge", "benefitsMapEdges")
    .beside(FAR)
    // An event tells of one item where a row stood; these stand between two.
    .unfollowed()
    .fields([
        Field::one("from", E::FromId, "BenefitsMapNode", "The node that leads there.").written().once(),
        Field::one("to", E::ToId, "BenefitsMapNode", "The node that it leads to.").written().once(),
        Field::scalar("weight", Scalar::Decimal, E::Weight, "How much it counts beside the others that lead there; above 0.").required().grouped().written(),
        Field::scalar("note", Scalar::String, E::Note, "What explains it; null for nothing.").unordered().written().longest(4_000),
        Field::one("toItem", E::ToItemId, "PortfolioItem", "The item of the node that it leads to."),
        Field::one("item", E::ItemId, "PortfolioItem", "The item of the node that leads there."),
        Field::one("portfolio", E::PortfolioId, "Portfolio", "That item's nearest portfolio."),
    ])
    .audited()
}
