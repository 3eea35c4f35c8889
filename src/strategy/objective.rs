//! A strategic objective: a tree, weighted among siblings.

use entity::{
    objective_contribution,
    strategic_objective::{self, Column as C},
};

use crate::{
    auth::{Class, Step},
    benefits::realization,
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `ObjectiveState`.
static STATE: EnumDecl = EnumDecl {
    name: "ObjectiveState",
    doc: "Where an objective stands.",
    values: &[
        ("DRAFT", "Being discussed."),
        ("ACTIVE", "Pursued."),
        ("ACHIEVED", "Reached."),
        ("DROPPED", "No longer pursued; it takes no share."),
    ],
};

/// `StrategicObjective`.
pub fn declare() -> Entity {
    Entity::new(
        "StrategicObjective",
        &strategic_objective::Entity,
        Class::Basic,
        RowScope::Reference,
        "Something that the organization wants to reach.",
    )
    .node("obj", "strategicObjective", "strategicObjectives")
    .keyed_by(Step::StrategySteer, C::Key, "The code; unique.")
    .fields([
        Field::text("title", C::Title, C::TitleFold, "The title.").required().written_by(Step::StrategySteer),
        Field::text("description", C::Description, C::DescriptionFold, "What is meant; null when nobody wrote it.")
            .unordered()
            .written_by(Step::StrategySteer)
            .longest(20_000),
        Field::scalar(
            "horizon",
            Scalar::String,
            C::Horizon,
            "The time that it is set for, in the organization's own words; null when not said.",
        )
        .grouped()
        .written_by(Step::StrategySteer),
        Field::choice("state", &STATE, C::State, "Where it stands; DRAFT if not said.")
            .required()
            .written_by(Step::StrategySteer)
            .defaulted(),
        Field::scalar(
            "weight",
            Scalar::Decimal,
            C::Weight,
            "Its weight among its siblings, 0 or more; only the ratio to theirs counts. 1 if not said.",
        )
        .required()
        .written_by(Step::StrategySteer)
        .defaulted(),
        Field::scalar(
            "share",
            Scalar::Percent,
            C::Share,
            "Its `weight` divided by the sum over its siblings, itself among them; dropped and archived ones are left out. Null for those, and where the sum is 0.",
        ),
        Field::one("owner", C::OwnerId, "Person", "Who answers for it; null when nobody does.")
            .written_by(Step::StrategySteer),
        Field::one("parent", C::ParentId, "StrategicObjective", "The objective that it is part of; null at the top.")
            .written_by(Step::StrategySteer),
        Field::many("children", "StrategicObjective", C::ParentId, "The objectives right below."),
        Field::many(
            "contributions",
            "ObjectiveContribution",
            objective_contribution::Column::ObjectiveId,
            "What contributes to it.",
        ),
        Field::answer(realization::of_objective()),
    ])
    .audited()
    .archivable()
}

#[cfg(test)]
mod tests {
    use super::{super::rules::ObjectiveState, STATE};

    #[test]
    fn the_schema_names_the_states_that_the_rules_know() {
        let shown: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, ObjectiveState::ALL.map(ObjectiveState::as_str));
    }
}
