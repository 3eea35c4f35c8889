//! A status report: what is told of an item at the end of a period. Drafts are seen by who writes them; what is
//! published never changes.

use entity::{
    rag_assessment,
    status_report::{self, Column as C},
};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// `ReportState`.
static STATE: EnumDecl = EnumDecl {
    name: "ReportState",
    doc: "Where a status report stands.",
    values: &[
        ("DRAFT", "Being written; seen by who writes reports of the item."),
        ("SUBMITTED", "Handed in; seen by the same, and no longer changed."),
        ("PUBLISHED", "Told to everybody who may read it; never changed again."),
        ("SUPERSEDED", "Published, and replaced by a later one for the same period."),
    ],
};

/// `StatusReport`.
pub fn declare() -> Entity {
    let text = |name, column: C, doc| {
        let field = Field::scalar(name, Scalar::String, column, doc).unordered();
        Field { class: Some(Class::Work), ..field }.written().longest(20_000)
    };
    Entity::new(
        "StatusReport",
        &status_report::Entity,
        Class::Basic,
        RowScope::OfItem(OfItem::USUAL.with_drafts()),
        "What is told of an item at the end of a period, with its ratings.",
    )
    .drafts(Class::WorkDraft)
    .node("srp", "statusReport", "statusReports")
    .fields([
        Field::one("item", C::ItemId, "PortfolioItem", "What it is about.").written().once(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::date("periodStartOn", C::PeriodStartOn, "The first day that it tells of; null when not said.").written(),
        Field::date("periodEndOn", C::PeriodEndOn, "The last day that it tells of.").required().written(),
        text("narrative", C::Narrative, "How things stand; null when nobody wrote it."),
        text("achievements", C::Achievements, "What was reached; null when nobody wrote it."),
        text("nextSteps", C::NextSteps, "What comes next; null when nobody wrote it."),
        Field::many("ratings", "RagAssessment", rag_assessment::Column::ReportId, "The ratings in it."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
        Field::one(
            "reportedPortfolio",
            C::ReportedPortfolioId,
            "Portfolio",
            "The item's nearest portfolio at the time of the report; it stays when the item moves.",
        ),
        Field::scalar(
            "reportedType",
            Scalar::String,
            C::ReportedType,
            "The item's project type at the time of the report; null for none.",
        )
        .grouped(),
        Field::scalar(
            "source",
            Scalar::String,
            C::Source,
            "The import that it came with; null where it was written here.",
        )
        .grouped(),
        Field::scalar("submittedAt", Scalar::DateTime, C::SubmittedAt, "When it was submitted; null before."),
        Field::one("submittedBy", C::SubmittedById, "Person", "Who submitted it; null before, and for imports."),
        Field::scalar("publishedAt", Scalar::DateTime, C::PublishedAt, "When it was published; null before.").grouped(),
        Field::one("publishedBy", C::PublishedById, "Person", "Who published it; null before, and for imports."),
    ])
    .audited()
    .archivable()
}
