//! Portfolio, program and project: what they have in common, and what each adds. One table, so that whatever belongs to
//! an item (a budget, a risk, a report) has one foreign key.

use entity::{
    actual, alignment_cell, baseline, benefit, benefit_actual, benefit_contribution, benefits_map_node, budget,
    commitment, cost_plan, forecast, issue, objective_contribution,
    portfolio_item::{self, Column as C},
    portfolio_tree_node, progress_measurement, rag_assessment, risk, status_report, task, time_entry,
};

use crate::{
    auth::{Class, Step},
    benefits::{realization, whole_map},
    finance::summary,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
    kpi,
    reporting::rag_assessment::RAG,
    strategy::UNALIGNED,
};

/// `ItemState`.
pub(super) static STATE: EnumDecl = EnumDecl {
    name: "ItemState",
    doc: "Where an item stands: PROPOSED, APPROVED, ACTIVE and back and forth to ON_HOLD, CLOSING, CLOSED, or CANCELLED.",
    values: &[
        ("PROPOSED", "Suggested; nobody has decided."),
        ("APPROVED", "Decided; work has not begun."),
        ("ACTIVE", "Under way."),
        ("ON_HOLD", "Interrupted."),
        ("CLOSING", "Delivered; being handed over and wound up."),
        ("CLOSED", "Over. Its benefits may still be followed."),
        ("CANCELLED", "Given up."),
    ],
};

/// `ItemCategory`.
pub(super) static CATEGORY: EnumDecl = EnumDecl {
    name: "ItemCategory",
    doc: "What the money is for.",
    values: &[
        ("RUN", "Keeps the business going."),
        ("GROW", "Grows what there is."),
        ("TRANSFORM", "Makes the business another one."),
    ],
};

/// `Confidentiality`.
static CONFIDENTIALITY: EnumDecl = EnumDecl {
    name: "Confidentiality",
    doc: "Who may know that an item exists.",
    values: &[
        ("NORMAL", "Whoever has the right."),
        (
            "CONFIDENTIAL",
            "Only those named on it: owner, sponsor, project manager, or by an assignment. The same holds for all below it.",
        ),
    ],
};

/// `Methodology`.
static METHODOLOGY: EnumDecl = EnumDecl {
    name: "Methodology",
    doc: "How a project is run.",
    values: &[
        ("WATERFALL", "In phases, one after the other."),
        ("AGILE", "In iterations."),
        ("HYBRID", "Phases with iterations inside."),
    ],
};

/// `Portfolio`, `Program` and `Project`.
pub fn declare() -> [Entity; 3] {
    let of = |name, kind, doc| {
        Entity::new(name, &portfolio_item::Entity, Class::Basic, RowScope::Item, doc).kind(kind, "PortfolioItem")
    };
    let children = |doc| Field::many("children", "PortfolioItem", C::ParentId, doc);
    [
        item(
            of("Portfolio", "PORTFOLIO", "A collection of portfolios, programs and projects that is steered as one.")
                .node("pfo", "portfolio", "portfolios"),
            "PORTFOLIO",
            [
                children("Items right below this portfolio."),
                Field::many("programs", "Program", C::PortfolioId, "All programs whose nearest portfolio this is."),
                Field::many(
                    "projects",
                    "Project",
                    C::PortfolioId,
                    "All projects whose nearest portfolio this is, also those below its programs.",
                ),
                escalated_risks(),
                escalated_issues(),
            ],
        ),
        item(
            of("Program", "PROGRAM", "Projects that reach one outcome together.").node("prg", "program", "programs"),
            "PROGRAM",
            [
                children("Items right below this program."),
                Field::many("projects", "Project", C::ProgramId, "Projects of this program."),
                escalated_risks(),
                escalated_issues(),
            ],
        ),
        item(
            of("Project", "PROJECT", "A temporary endeavor with a goal, a beginning and an end.")
                .node("prj", "project", "projects"),
            "PROJECT",
            [
                Field::one("program", C::ProgramId, "Program", "The program it belongs to; null for none."),
                Field::one("projectManager", C::ProjectManagerId, "Person", "Who runs it; null when nobody does.")
                    .written_by(Step::ItemSteer),
                Field::scalar(
                    "projectType",
                    Scalar::String,
                    C::ProjectType,
                    "The type of project, in the organization's own words; null for none.",
                )
                .grouped()
                .written_by(Step::ItemSteer),
                Field::choice("methodology", &METHODOLOGY, C::Methodology, "How it is run; null when not decided.")
                    .written(),
                Field::scalar(
                    "phase",
                    Scalar::String,
                    C::Phase,
                    "The phase of its life cycle that it is in; null before the first.",
                )
                .grouped()
                .written(),
                Field::many("tasks", "Task", task::Column::ItemId, "The parts of its plan."),
                Field::many("baselines", "Baseline", baseline::Column::ItemId, "Its plans that were frozen."),
                Field::many(
                    "progressMeasurements",
                    "ProgressMeasurement",
                    progress_measurement::Column::ItemId,
                    "How far its tasks were, by day.",
                ),
                Field::many("commitments", "Commitment", commitment::Column::ItemId, "What it has promised to others."),
                Field::many("actuals", "Actual", actual::Column::ItemId, "What it has spent."),
                Field::many("timeEntries", "TimeEntry", time_entry::Column::ItemId, "What was worked on it."),
            ],
        ),
    ]
}

fn escalated_risks() -> Field {
    Field::many(
        "escalatedRisks",
        "Risk",
        risk::Column::EscalatedToId,
        "Risks of items below that were handed up to it.",
    )
}

fn escalated_issues() -> Field {
    let doc = "Issues of items below that were handed up to it.";
    Field::many("escalatedIssues", "Issue", issue::Column::EscalatedToId, doc)
}

fn item(entity: Entity, target_type: &'static str, more: impl IntoIterator<Item = Field>) -> Entity {
    entity
        .keyed_by(Step::ItemSteer, C::Key, "The human key; unique among items of the same type.")
        .external(entity::external_link::Column::ItemId, target_type)
        .fields([
            Field::text("name", C::Name, C::NameFold, "The name.").required().written(),
            Field::text(
                "description",
                C::Description,
                C::DescriptionFold,
                "What it is about; null when nobody wrote it.",
            )
            .unordered()
            .written()
            .longest(20_000),
            Field::choice("state", &STATE, C::State, "Where it stands.").required(),
            Field::choice("category", &CATEGORY, C::Category, "What the money is for; null when not classified.")
                .written_by(Step::ItemSteer),
            Field::scalar(
                "priority",
                Scalar::Int,
                C::Priority,
                "The priority, 1 highest to 5 lowest; null when not ranked.",
            )
            .grouped()
            .written_by(Step::ItemSteer),
            Field::choice("confidentiality", &CONFIDENTIALITY, C::Confidentiality, "Who may know that it exists.")
                .required()
                .written_by(Step::ItemClassify)
                .defaulted()
                .once(),
            Field::scalar("baseCurrency", Scalar::CurrencyCode, C::BaseCurrency, "The currency that it is planned in.")
                .required()
                .grouped()
                .written_by(Step::ItemSteer)
                .once(),
            Field::money(
                "budget",
                Class::Fin,
                (C::BudgetAmount, C::BaseCurrency),
                true,
                "The current approved budget, in the base currency; null when none is approved.",
            ),
            Field::one(
                "fxRateSet",
                C::FxRateSetId,
                "FxRateSet",
                "The rates by which money of other currencies is converted here and below; null for those of the nearest item above that names some, else of the default set.",
            )
            .written_by(Step::ItemSteer),
            Field::choice(
                "rag",
                &RAG,
                C::Rag,
                "The overall rating of its latest published report: the independent one, else the sponsor's, else the project manager's; null before the first.",
            ),
            Field::date("ragOn", C::RagOn, "The last day of the period of that report; null before the first."),
            Field::scalar(
                "isTrackingBenefits",
                Scalar::Boolean,
                C::IsTrackingBenefits,
                "Whether a benefit of it was approved and is neither settled, withdrawn nor archived: its benefits are still followed, also once it has closed.",
            )
            .required()
            .grouped(),
            Field::date(
                "plannedStartOn",
                C::PlannedStartOn,
                "The day on which it was planned to start; null when not planned.",
            )
            .written_by(Step::ItemSteer),
            Field::date(
                "plannedFinishOn",
                C::PlannedFinishOn,
                "The day on which it was planned to be finished; null when not planned.",
            )
            .written_by(Step::ItemSteer),
            Field::date(
                "forecastStartOn",
                C::ForecastStartOn,
                "The day on which it is expected to start; null when nobody said.",
            )
            .written(),
            Field::date(
                "forecastFinishOn",
                C::ForecastFinishOn,
                "The day on which it is expected to be finished; null when nobody said.",
            )
            .written(),
            Field::date("actualStartOn", C::ActualStartOn, "The day on which it started; null before.").written(),
            Field::date("actualFinishOn", C::ActualFinishOn, "The day on which it was finished; null before.")
                .written(),
            Field::one(
                "parent",
                C::ParentId,
                "PortfolioItem",
                "What it stands right below; null at the top, or when the caller cannot see it.",
            )
            .written_by(Step::ItemSteer),
            Field::one(
                "portfolio",
                C::PortfolioId,
                "Portfolio",
                "The nearest portfolio, for a portfolio itself; null for none, or when the caller cannot see it.",
            ),
            Field::one("orgUnit", C::OrgUnitId, "OrgUnit", "The unit that answers for it; null when none does.")
                .written_by(Step::ItemSteer),
            Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.")
                .written_by(Step::ItemSteer),
            Field::one(
                "sponsor",
                C::SponsorId,
                "Person",
                "Who wants it and answers for its value; null when nobody does.",
            )
            .written_by(Step::ItemSteer),
            Field::many(
                "descendants",
                "PortfolioTreeNode",
                portfolio_tree_node::Column::RootId,
                "All that stands below it, however deep, and itself: count, sum and group them for a roll-up. A program and its projects may both have a budget; a filter by `kind` keeps money from counting twice.",
            ),
            Field::many(
                "contributions",
                "ObjectiveContribution",
                objective_contribution::Column::ItemId,
                "What it contributes to objectives.",
            ),
            Field::many(
                "alignment",
                "AlignmentCell",
                alignment_cell::Column::ItemId,
                "Its row of the alignment matrix: what it contributes, archived contributions and objectives left out.",
            ),
            Field::many("statusReports", "StatusReport", status_report::Column::ItemId, "What is told of it, by period."),
            Field::many("ragAssessments", "RagAssessment", rag_assessment::Column::ItemId, "Its ratings, of all reports."),
            Field::many("budgets", "Budget", budget::Column::ItemId, "The versions of its budget."),
            Field::many("costPlans", "CostPlan", cost_plan::Column::ItemId, "The versions of its cost plan."),
            Field::many("forecasts", "Forecast", forecast::Column::ItemId, "The versions of its forecast."),
            Field::many("benefits", "Benefit", benefit::Column::ItemId, "What it is to bring."),
            Field::many("risks", "Risk", risk::Column::ItemId, "What may happen to it."),
            Field::many("issues", "Issue", issue::Column::ItemId, "What has happened to it."),
            Field::many(
                "benefitContributions",
                "BenefitContribution",
                benefit_contribution::Column::ContributorId,
                "Its parts of benefits of other items.",
            ),
            Field::many(
                "attributedBenefitActuals",
                "BenefitActual",
                benefit_actual::Column::AttributedItemId,
                "What was measured of benefits, its own and others', as far as it is attributed to this item.",
            ),
            Field::many("benefitsMapNodes", "BenefitsMapNode", benefits_map_node::Column::ItemId, "What stands on its benefits map."),
            Field::many(
                "externalLinks",
                "ExternalLink",
                entity::external_link::Column::ItemId,
                "What other systems call it.",
            ),
        ])
        .fields(more)
        .fields(kpi::answers::fields())
        .condition(kpi::condition::condition())
        .fields([summary::answer(), realization::of_item(), whole_map::answer()].map(Field::answer))
        .audited()
        .archivable()
}

/// `PortfolioItem`.
pub fn interface(members: &[Entity; 3]) -> Entity {
    Entity::interface(
        "PortfolioItem",
        "portfolioItem",
        "portfolioItems",
        "A portfolio, a program or a project.",
        members,
    )
    .day_list(UNALIGNED)
}

#[cfg(test)]
mod tests {
    use super::{super::rules::ItemState, STATE};

    #[test]
    fn the_schema_names_the_states_that_the_rules_know() {
        let shown: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, ItemState::ALL.map(ItemState::as_str));
    }
}
