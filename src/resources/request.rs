//! A request: what a project asks of those who manage resources.

use entity::{
    allocation,
    request_skill::{self, Column as S},
    resource_request::{self, Column as C},
};

use super::screens;
use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// Rows of a project that ask a pool, or for a resource.
const ROWS: RowScope = RowScope::OfItem(OfItem::USUAL.about_resource().asking_pool());

/// `ResourceRequestState`.
static STATE: EnumDecl = EnumDecl {
    name: "ResourceRequestState",
    doc: "How far a request is. As long as it is neither declined nor released it follows from its allocations: the least of theirs.",
    values: &[
        ("OPEN", "Nobody was proposed yet."),
        ("PROPOSED", "Somebody was proposed."),
        ("SOFT", "Somebody is planned."),
        ("HARD", "All who answer it are confirmed."),
        ("COMPLETED", "Done."),
        ("DECLINED", "Refused by whoever was asked."),
        ("RELEASED", "Given up."),
    ],
};

fn plan(field: Field) -> Field {
    field.written_by(Step::AllocationPlan)
}

/// `ResourceRequest`.
pub fn declare() -> Entity {
    Entity::new(
        "ResourceRequest",
        &resource_request::Entity,
        Class::Work,
        ROWS,
        "What a project asks of those who manage resources: so many of a role, for some days. Seen by who plans the project and by who manages the pool that is asked.",
    )
    .node("rrq", "resourceRequest", "resourceRequests")
    .keyed_by(Step::AllocationPlan, C::Key, "The human key; unique among requests.")
    .fields([
        plan(Field::one("project", C::ItemId, "Project", "The project.")).once(),
        plan(Field::text("title", C::Title, C::TitleFold, "What is asked for.").required().grouped()),
        plan(Field::one("role", C::RoleId, "ResourceRole", "The role.")).due(),
        plan(Field::one("pool", C::PoolId, "ResourcePool", "The pool that is asked; null while nobody is.")),
        plan(Field::one("resource", C::ResourceId, "Resource", "The resource that is wished; null for anybody.")),
        Field::choice("state", &STATE, C::State, "How far it is.").required(),
        plan(Field::date("startOn", C::StartOn, "The first day.").required()),
        plan(Field::date("endOn", C::EndOn, "The last day.").required()),
        plan(Field::scalar("quantity", Scalar::Int, C::Quantity, "How many resources, 1 to 1,000; 1 if not said.").summed().required())
            .defaulted(),
        plan(
            Field::scalar("minutes", Scalar::Int, C::Minutes, "Minutes of work of all of them on all days together, above 0.").summed()
                .required(),
        ),
        plan(Field::scalar("location", Scalar::String, C::Location, "Where the work is done; null for anywhere.").grouped()),
        plan(Field::scalar("note", Scalar::String, C::Note, "What else is to be known; null when nobody wrote it.").unordered())
            .longest(2_000),
        Field::scalar("decidedNote", Scalar::String, C::DecidedNote, "Why it was declined or released; null while it was not, or nobody said.")
            .unordered(),
        Field::many("skills", "RequestSkill", S::RequestId, "What whoever answers it can do."),
        Field::many("allocations", "Allocation", allocation::Column::RequestId, "What was booked in answer to it."),
        Field::answer(screens::candidates()),
    ])
    .audited()
}

/// `RequestSkill`.
pub fn declare_skill() -> Entity {
    Entity::new(
        "RequestSkill",
        &request_skill::Entity,
        Class::Work,
        ROWS,
        "A skill that a request asks for. A request asks for each once.",
    )
    .node("rqs", "requestSkill", "requestSkills")
    .fields([
        plan(Field::one("request", S::RequestId, "ResourceRequest", "The request.")).once(),
        plan(Field::one("skill", S::SkillId, "Skill", "The skill.")).once(),
        plan(
            Field::scalar("leastLevel", Scalar::Int, S::LeastLevel, "The least level, 1 to 5; 1 if not said.")
                .required(),
        )
        .defaulted(),
        plan(
            Field::scalar(
                "isMandatory",
                Scalar::Boolean,
                S::IsMandatory,
                "Whether nobody comes into question without it; true if not said.",
            )
            .required(),
        )
        .defaulted(),
    ])
    .audited()
    .archivable()
}
