//! A plan that was frozen: the baseline, its items and their increments. Approved by another than who submitted it, superseded
//! by the next; once submitted nothing of it changes.

use entity::{
    baseline::{self, Column as C},
    baseline_item, baseline_period_value,
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `BaselineKind`.
static KIND: EnumDecl = EnumDecl {
    name: "BaselineKind",
    doc: "What a baseline is compared with.",
    values: &[
        ("PERFORMANCE", "Scope, days and cost together: earned value is measured against it."),
        ("SCOPE", "What is to be delivered."),
        ("SCHEDULE", "Days."),
        ("COST", "Money."),
    ],
};

/// `BaselineLevel`.
static LEVEL: EnumDecl = EnumDecl {
    name: "BaselineLevel",
    doc: "How fine a baseline's items are.",
    values: &[
        ("WORK_PACKAGE", "Each piece of work has an item."),
        ("CONTROL_ACCOUNT", "Pieces of work that are steered together have one."),
        ("PROJECT", "The project has one."),
    ],
};

/// `BaselineState`.
static STATE: EnumDecl = EnumDecl {
    name: "BaselineState",
    doc: "Where a baseline stands.",
    values: &[
        ("DRAFT", "Being made: a working baseline."),
        ("SUBMITTED", "Handed in for approval; nothing of it changes any more."),
        ("APPROVED", "In force: the project's current baseline of its kind."),
        ("REJECTED", "Not approved."),
        ("SUPERSEDED", "Was in force until a later one was approved."),
    ],
};

/// What writes a baseline and all that belongs to it.
const PEN: Step = Step::BaselineSubmit;

/// `Baseline`.
pub fn declare() -> Entity {
    Entity::new(
        "Baseline",
        &baseline::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "A plan of a project that was frozen. At most one baseline of each kind is approved at a time.",
    )
    .node("bsl", "baseline", "baselines")
    .fields([
        Field::one("project", C::ItemId, "Project", "The project.").written_by(PEN).once(),
        Field::scalar("revision", Scalar::Int, C::Revision, "Counts the baselines of the project, from 1.").required(),
        Field::scalar("name", Scalar::String, C::Name, "What it is called; null for nothing.").written_by(PEN),
        Field::choice("kind", &KIND, C::Kind, "What it is compared with; PERFORMANCE if not said.")
            .required()
            .written_by(PEN)
            .defaulted()
            .once(),
        Field::choice("level", &LEVEL, C::Level, "How fine its items are; WORK_PACKAGE if not said.")
            .required()
            .written_by(PEN)
            .defaulted(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::date("asOfOn", C::AsOfOn, "The day of which it is a picture; today if not said.")
            .required()
            .written_by(PEN)
            .defaulted(),
        Field::scalar("note", Scalar::String, C::Note, "What explains it; null for nothing.")
            .unordered()
            .written_by(PEN)
            .longest(20_000),
        Field::scalar(
            "currency",
            Scalar::CurrencyCode,
            C::Currency,
            "The currency of all its money: the project's base currency.",
        )
        .required()
        .grouped(),
        Field::money(
            "budgetAtCompletion",
            Class::Fin,
            (C::CompletionAmount, C::Currency),
            true,
            "The sum over the cost of its items, management reserve apart (BAC, ISO 21508).",
        ),
        Field::money(
            "managementReserve",
            Class::Fin,
            (C::ReserveAmount, C::Currency),
            true,
            "Held by management beside it; null for none.",
        )
        .written_by(PEN),
        Field::date("startOn", C::StartOn, "The first day of its items; null without items."),
        Field::date("finishOn", C::FinishOn, "The last day of its items; null without items."),
        Field::many("items", "BaselineItem", baseline_item::Column::BaselineId, "What it says of each task."),
        Field::many(
            "periodValues",
            "BaselinePeriodValue",
            baseline_period_value::Column::BaselineId,
            "When the cost of its items is planned to be earned.",
        ),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one(
            "reportedPortfolio",
            C::ReportedPortfolioId,
            "Portfolio",
            "The project's nearest portfolio when the baseline was made; it stays when the project moves.",
        ),
        Field::scalar("submittedAt", Scalar::DateTime, C::SubmittedAt, "When it was submitted; null before."),
        Field::one("submittedBy", C::SubmittedById, "Person", "Who submitted it; null before, and for API keys."),
        Field::scalar(
            "approvedAt",
            Scalar::DateTime,
            C::ApprovedAt,
            "When it was approved: it is in force from then on; null where it was not.",
        )
        .grouped(),
        Field::one("approvedBy", C::ApprovedById, "Person", "Who approved it; null where nobody did."),
        Field::scalar(
            "supersededAt",
            Scalar::DateTime,
            C::SupersededAt,
            "When a later one took its place; null while it is in force.",
        ),
        Field::scalar(
            "decisionNote",
            Scalar::String,
            C::DecisionNote,
            "Why it was approved or rejected; null for nothing.",
        )
        .unordered(),
    ])
    .audited()
    .archivable()
}

/// `BaselineItem`.
pub fn declare_item() -> Entity {
    use baseline_item::Column as C;
    Entity::new(
        "BaselineItem",
        &baseline_item::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "What a baseline says of a task. A baseline has one item for each task, and none for a SUMMARY.",
    )
    .node("bsi", "baselineItem", "baselineItems")
    .fields([
        Field::one("baseline", C::BaselineId, "Baseline", "The baseline.").written_by(PEN).once(),
        Field::one("project", C::ItemId, "Project", "The project."),
        Field::one("task", C::TaskId, "Task", "The task, of the same project.").written_by(PEN).once(),
        Field::date("startOn", C::StartOn, "The first day.").required().written_by(PEN),
        Field::date("finishOn", C::FinishOn, "The last day: by its end all of the cost is planned to be earned.")
            .required()
            .written_by(PEN),
        Field::scalar(
            "workMinutes",
            Scalar::Int,
            C::WorkMinutes,
            "Work, in minutes, 0 or more; null when not estimated.",
        )
        .summed()
        .written_by(PEN),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The baseline's currency.").required().grouped(),
        Field::money(
            "cost",
            Class::Fin,
            (C::CostAmount, C::Currency),
            true,
            "What it is planned to cost; null for nothing.",
        )
        .written_by(PEN),
        Field::many(
            "periodValues",
            "BaselinePeriodValue",
            baseline_period_value::Column::BaselineItemId,
            "When its cost is planned to be earned. Without any it is earned by calendar day, the same for each.",
        ),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one(
            "reportedPortfolio",
            C::ReportedPortfolioId,
            "Portfolio",
            "The project's nearest portfolio when the baseline was made; it stays when the project moves.",
        ),
    ])
    .audited()
}

/// `BaselinePeriodValue`.
pub fn declare_period_value() -> Entity {
    use baseline_period_value::Column as C;
    Entity::new(
        "BaselinePeriodValue",
        &baseline_period_value::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "An increment of planned value. Those of an item sum to its cost by the time its baseline is submitted.",
    )
    .node("bpv", "baselinePeriodValue", "baselinePeriodValues")
    .fields([
        Field::one("baselineItem", C::BaselineItemId, "BaselineItem", "The item.").written_by(PEN).once(),
        Field::one("baseline", C::BaselineId, "Baseline", "The baseline."),
        Field::one("project", C::ItemId, "Project", "The project."),
        Field::date("endOn", C::EndOn, "The day by whose end it is planned to be earned, among the days of the item; an item has one increment for a day.").required().written_by(PEN),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The baseline's currency.").required().grouped(),
        Field::money("plannedValue", Class::Fin, (C::PlannedAmount, C::Currency), true, "What is planned to be earned beyond the increments before it; null for nothing.").written_by(PEN),
        Field::scalar("workMinutes", Scalar::Int, C::WorkMinutes, "The work behind it, in minutes, 0 or more; null when not divided.").written_by(PEN),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The project's nearest portfolio when the baseline was made; it stays when the project moves."),
    ])
    .audited()
}

#[cfg(test)]
mod tests {
    use super::STATE;
    use crate::finance::rules::VersionState;

    #[test]
    fn a_baseline_has_the_states_of_a_budget() {
        let shown: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, VersionState::ALL.map(VersionState::as_str));
    }
}
