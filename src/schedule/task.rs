//! A task of a project's plan: what is to be done, when, and how what it earns is found.

use entity::{
    baseline_item, progress_measurement,
    task::{self, Column as C},
};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `TaskKind`.
static KIND: EnumDecl = EnumDecl {
    name: "TaskKind",
    doc: "What a task of a plan is.",
    values: &[
        ("SUMMARY", "Has parts; their work is its work."),
        ("TASK", "Work with a beginning and an end."),
        ("MILESTONE", "A day on which something is reached; no work."),
        ("LEVEL_OF_EFFORT", "Work that goes on beside the others, such as steering them."),
    ],
};

/// `EarnedValueTechnique`.
static TECHNIQUE: EnumDecl = EnumDecl {
    name: "EarnedValueTechnique",
    doc: "How the earned value of a task is found (ISO 21508; the seven of Clarity, and the physical percent complete of Microsoft Project).",
    values: &[
        ("PERCENT_COMPLETE", "As far as it is said to be."),
        (
            "PHYSICAL_PERCENT_COMPLETE",
            "As much of its result as is there; as far as it is said to be where that is not given.",
        ),
        ("ZERO_HUNDRED", "Nothing before it is complete, then all."),
        ("FIFTY_FIFTY", "Half when work begins, all when it is complete."),
        ("LEVEL_OF_EFFORT", "What was planned to be earned by the day: its planned value."),
        (
            "WEIGHTED_MILESTONES",
            "The weights of the milestones below it that were reached, divided by the weights of all of them.",
        ),
        ("MILESTONE_PERCENT", "The `parentPercentComplete` of the furthest milestone below it that was reached."),
        (
            "APPORTIONED",
            "`apportionedRatio` times what the task `apportionedTo` has earned of its own cost; at most all.",
        ),
    ],
};

/// `Task`.
pub fn declare() -> Entity {
    Entity::new(
        "Task",
        &task::Entity,
        Class::Work,
        RowScope::OF_ITEM,
        "A part of a project's plan: a summary, work, or a milestone.",
    )
    .node("tsk", "task", "tasks")
    .keyed(C::Key, "The human key; unique.")
    .fields([
        Field::one("project", C::ItemId, "Project", "The project.").written().once(),
        Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
        Field::scalar("description", Scalar::String, C::Description, "What is to be done; null when nobody wrote it.")
            .unordered()
            .written()
            .longest(20_000),
        Field::one(
            "parent",
            C::ParentId,
            "Task",
            "What it is a part of: a SUMMARY of the same project or, for a milestone, the task that it measures; null at the top.",
        )
        .written(),
        Field::many("children", "Task", C::ParentId, "Its parts, right below it."),
        Field::scalar("wbs", Scalar::String, C::Wbs, "Its place in the work breakdown structure, such as `1.2.3`; one task of a project that is not archived has it. Null when not numbered.")
            .written()
            .longest(64),
        Field::choice("kind", &KIND, C::Kind, "What it is; TASK if not said.").required().written().defaulted(),
        Field::date("plannedStartOn", C::PlannedStartOn, "The first day by plan; null when not planned. Of a milestone the same as the last.").written(),
        Field::date("plannedFinishOn", C::PlannedFinishOn, "The last day by plan; null when not planned.").written(),
        Field::date("forecastStartOn", C::ForecastStartOn, "The first day as expected now; null when nobody said.").written(),
        Field::date("forecastFinishOn", C::ForecastFinishOn, "The last day as expected now; null when nobody said.").written(),
        Field::date("actualStartOn", C::ActualStartOn, "The day on which work began, not after today; null before.").written(),
        Field::date("actualFinishOn", C::ActualFinishOn, "The day on which it was finished, of a milestone reached, not after today; null before.").written(),
        Field::scalar("workMinutes", Scalar::Int, C::WorkMinutes, "Planned work, in minutes, 0 or more; null when not estimated.").summed().written(),
        Field::scalar("remainingWorkMinutes", Scalar::Int, C::RemainingWorkMinutes, "Work that is left, in minutes, 0 or more; null when not estimated.").summed().written(),
        Field::scalar("percentComplete", Scalar::Percent, C::PercentComplete, "How far it is, 0 to 1: as it was measured last, or as it was written here. 1 once it is finished.")
            .required()
            .written()
            .defaulted(),
        Field::scalar("physicalPercentComplete", Scalar::Percent, C::PhysicalPercentComplete, "How much of its result is there, 0 to 1; null when not said.").written(),
        Field::choice(
            "earnedValueTechnique",
            &TECHNIQUE,
            C::EarnedValueTechnique,
            "How its earned value is found; stays once it was measured. PERCENT_COMPLETE, of a milestone ZERO_HUNDRED, of a LEVEL_OF_EFFORT the same if not said; null for a SUMMARY.",
        )
        .written(),
        Field::one("apportionedTo", C::ApportionedToId, "Task", "For APPORTIONED: the task of the same project that it earns with; null otherwise.").written(),
        Field::scalar("apportionedRatio", Scalar::Decimal, C::ApportionedRatio, "For APPORTIONED: which part of its cost is earned for each part of the other's, 0 or more; null means 1.").written(),
        Field::scalar("weight", Scalar::Decimal, C::Weight, "Of a milestone below a task of WEIGHTED_MILESTONES: its weight among them, 0 or more; null counts as 0.").written(),
        Field::scalar("parentPercentComplete", Scalar::Percent, C::ParentPercentComplete, "Of a milestone below a task of MILESTONE_PERCENT: how far that is once this is reached, 0 to 1; null counts as 0.").written(),
        Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.").written(),
        Field::many("measurements", "ProgressMeasurement", progress_measurement::Column::TaskId, "How far it was, by day."),
        Field::many("baselineItems", "BaselineItem", baseline_item::Column::TaskId, "What baselines say of it."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
    ])
    .named_outside(Field::written)
    .audited()
    .archivable()
}

#[cfg(test)]
mod tests {
    use super::{
        super::rules::{TaskKind, Technique},
        KIND, TECHNIQUE,
    };

    #[test]
    fn the_schema_names_what_the_rules_know() {
        let shown = |names: &[(&'static str, &str)]| names.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(shown(KIND.values), TaskKind::ALL.map(TaskKind::as_str));
        assert_eq!(shown(TECHNIQUE.values), Technique::ALL.map(Technique::as_str));
    }
}
