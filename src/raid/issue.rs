//! An issue: what has happened to an item and must be dealt with.

use entity::issue::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `IssueSeverity`.
static SEVERITY: EnumDecl = EnumDecl {
    name: "IssueSeverity",
    doc: "How bad an issue is.",
    values: &[
        ("LOW", "Work goes on as it is."),
        ("MEDIUM", "Work goes on another way."),
        ("HIGH", "A goal of the item is in danger."),
        ("CRITICAL", "Work has stopped, or the item is in danger."),
    ],
};

/// `IssueState`.
static STATE: EnumDecl = EnumDecl {
    name: "IssueState",
    doc: "Where an issue stands.",
    values: &[
        ("OPEN", "Raised, or back again."),
        ("IN_PROGRESS", "Somebody works on it."),
        ("RESOLVED", "It no longer hurts."),
        ("CLOSED", "Who raised it agrees."),
    ],
};

/// `Issue`.
pub fn declare() -> Entity {
    let text =
        |name, column: C, doc| Field::scalar(name, Scalar::String, column, doc).unordered().written().longest(20_000);
    Entity::new(
        "Issue",
        &issue::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "Something that has happened to an item and must be dealt with.",
    )
    .node("isu", "issue", "issues")
    .keyed(C::Key, "The human key; unique. Made from the id if not said.")
    .with_default_key()
    .fields([
        Field::one(
            "item",
            C::ItemId,
            "PortfolioItem",
            "The item that it happened to. It stays there where it is escalated.",
        )
        .written()
        .once(),
        Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
        text("description", C::Description, "What it is; null when nobody wrote it."),
        Field::scalar(
            "category",
            Scalar::String,
            C::Category,
            "What kind of thing it is about, in the organization's own words; null when not said.",
        )
        .grouped()
        .written(),
        Field::choice("severity", &SEVERITY, C::Severity, "How bad it is; MEDIUM if not said.")
            .required()
            .written()
            .defaulted(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.").written(),
        Field::one("risk", C::RiskId, "Risk", "The risk that happened; null where it was not foreseen."),
        Field::one(
            "escalatedTo",
            C::EscalatedToId,
            "PortfolioItem",
            "The item above to which it was handed up; null for none.",
        ),
        Field::scalar(
            "currency",
            Scalar::CurrencyCode,
            C::Currency,
            "The currency of its money: the item's base currency.",
        )
        .required()
        .grouped(),
        Field::money(
            "impactCost",
            Class::Fin,
            (C::ImpactAmount, C::Currency),
            true,
            "What it costs; 0 or more, null when not said.",
        )
        .written_by(Step::RiskAppraise),
        Field::scalar(
            "impactDays",
            Scalar::Int,
            C::ImpactDays,
            "Working days that it takes; 0 or more, null when not said.",
        )
        .written(),
        text("resolution", C::Resolution, "How it was resolved: required before it is RESOLVED. Null before."),
        Field::date("raisedOn", C::RaisedOn, "The day on which it was raised, not after today; today if not said.")
            .required()
            .written()
            .defaulted(),
        Field::date("dueOn", C::DueOn, "The day by which it is to be resolved; null when not said.").written(),
        Field::date(
            "resolvedOn",
            C::ResolvedOn,
            "The day on which it was resolved; null before, and once it is open again.",
        ),
        Field::date("closedOn", C::ClosedOn, "The day on which it was closed; null before, and once it is open again."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one(
            "reportedPortfolio",
            C::ReportedPortfolioId,
            "Portfolio",
            "The item's nearest portfolio when the issue was written; it stays when the item moves.",
        ),
    ])
    .audited()
    .archivable()
}

#[cfg(test)]
mod tests {
    use super::{super::rules::ISSUE, STATE};

    #[test]
    fn the_schema_names_the_states_that_the_rules_know() {
        assert_eq!(STATE.values.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ISSUE.states().collect::<Vec<_>>());
    }
}
