//! A rating of one side of an item in a status report: as declared by whoever rates, and as the figures would have it.

use entity::rag_assessment::{self, Column as C};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// `Rag`.
pub static RAG: EnumDecl = EnumDecl {
    name: "Rag",
    doc: "Red, amber, green: how likely delivery is as things stand. Scales of five have the colors between; others use three.",
    values: &[
        ("GREEN", "Highly likely; nothing that threatens it."),
        ("AMBER_GREEN", "Probable; constant attention is needed."),
        ("AMBER", "Feasible; there are significant issues."),
        ("AMBER_RED", "In doubt; urgent action is needed."),
        ("RED", "It appears unachievable as it stands."),
        ("NOT_RATED", "Nobody rated it, or the rating is withheld; the reason says why."),
    ],
};

/// `RagDimension`.
static DIMENSION: EnumDecl = EnumDecl {
    name: "RagDimension",
    doc: "The side of an item that is rated.",
    values: &[
        ("OVERALL", "All of it."),
        ("SCOPE", "What is delivered."),
        ("SCHEDULE", "When."),
        ("COST", "For how much."),
        ("RESOURCE", "By whom."),
        ("RISK", "What may happen."),
        ("BENEFIT", "What it brings."),
        ("QUALITY", "How good it is."),
    ],
};

/// `RagAssessor`.
static ASSESSOR: EnumDecl = EnumDecl {
    name: "RagAssessor",
    doc: "In whose name a rating is given.",
    values: &[
        ("PROJECT_MANAGER", "Who runs it."),
        ("SPONSOR", "Who wants it, such as a senior responsible owner."),
        ("INDEPENDENT", "Somebody outside, such as an authority's delivery confidence assessment."),
    ],
};

/// `RagAssessment`.
pub fn declare() -> Entity {
    let text = |name, column: C, doc| {
        let field = Field::scalar(name, Scalar::String, column, doc).unordered();
        Field { class: Some(Class::Work), ..field }
    };
    Entity::new(
        "RagAssessment",
        &rag_assessment::Entity,
        Class::Basic,
        RowScope::OfItem(OfItem::USUAL.with_drafts()),
        "A rating of one side of an item in a status report.",
    )
    .drafts(Class::WorkDraft)
    .node("rag", "ragAssessment", "ragAssessments")
    .fields([
        Field::one("report", C::ReportId, "StatusReport", "The report that it stands in.").written().once(),
        Field::one("item", C::ItemId, "PortfolioItem", "What is rated."),
        Field::date("periodEndOn", C::PeriodEndOn, "The report's last day.").required(),
        Field::choice("dimension", &DIMENSION, C::Dimension, "The side that is rated.").required().written().once(),
        Field::choice(
            "assessor",
            &ASSESSOR,
            C::Assessor,
            "In whose name; the project manager's if not said. Another's needs REPORT_ASSESS.",
        )
        .required()
        .written()
        .defaulted()
        .once(),
        Field::choice("declared", &RAG, C::Declared, "The rating as it was given.").required().written(),
        Field::choice(
            "computed",
            &RAG,
            C::Computed,
            "The rating that figures give, settled when the report is submitted: SCHEDULE by how far the forecast finish lies behind the planned one, as a part of the planned time, COST by how far the forecast lies above the approved budget, each GREEN up to 5 %, AMBER up to 10 %, else RED; OVERALL the worst of them. Null where there are no figures; `computedReason` says which.",
        ),
        text("reason", C::Reason, "Why it is rated so, or what stands in place of a rating; null when nobody wrote it.")
            .written()
            .longest(20_000),
        text("computedReason", C::ComputedReason, "What `computed` follows from, or why it is null; null for dimensions without figures."),
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
    ])
    .audited()
}
