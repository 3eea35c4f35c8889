//! What is known of a resource: its skills, its certificates, and when it does not work.

use entity::{
    certification_held::{self, Column as H},
    resource_skill::{self, Column as S},
    time_off::{self, Column as T},
};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// Rows that belong to a resource.
const ROWS: RowScope = RowScope::OfResource { resource: "resource_id" };

/// `AbsenceReason`.
static REASON: EnumDecl = EnumDecl {
    name: "AbsenceReason",
    doc: "Why somebody does not work.",
    values: &[
        ("VACATION", "Leave."),
        ("SICKNESS", "Illness or an accident."),
        ("PARENTAL", "A child."),
        ("TRAINING", "Learning."),
        ("OTHER", "Something else."),
    ],
};

fn manage(field: Field) -> Field {
    field.written_by(Step::ResourceManage)
}

/// `ResourceSkill`.
pub fn declare_skill() -> Entity {
    Entity::new(
        "ResourceSkill",
        &resource_skill::Entity,
        Class::Person,
        ROWS,
        "What a resource can do, and how well. A resource has each skill once.",
    )
    .node("rsl", "resourceSkill", "resourceSkills")
    .fields([
        manage(Field::one("resource", S::ResourceId, "Resource", "The resource.")).once(),
        manage(Field::one("skill", S::SkillId, "Skill", "The skill.")).once(),
        manage(
            Field::scalar(
                "level",
                Scalar::Int,
                S::Level,
                "How well: 1 knows of it, 2 helps, 3 does it, 4 leads, 5 teaches.",
            )
            .required()
            .grouped(),
        ),
        manage(Field::one("verifiedBy", S::VerifiedById, "Person", "Who verified the level; null when nobody did.")),
        manage(Field::date("verifiedOn", S::VerifiedOn, "On which day; null when nobody did.")),
    ])
    .audited()
    .archivable()
}

/// `CertificationHeld`.
pub fn declare_certification() -> Entity {
    Entity::new(
        "CertificationHeld",
        &certification_held::Entity,
        Class::Person,
        ROWS,
        "A certificate that a resource holds, such as PMP, for a time. One that was renewed stands here again.",
    )
    .node("chd", "certificationHeld", "certificationsHeld")
    .fields([
        manage(Field::one("resource", H::ResourceId, "Resource", "The resource.")).once(),
        manage(Field::one("certification", H::CertificationId, "Certification", "The certificate.")).once(),
        manage(Field::date("issuedOn", H::IssuedOn, "The first day on which it holds.").required()),
        manage(Field::date(
            "expiresOn",
            H::ExpiresOn,
            "The last day on which it holds; null for ever. A new one that does not say it takes the months of its certificate, where that has any.",
        )),
        manage(Field::scalar("reference", Scalar::String, H::Reference, "Its number at the issuer; null when not said.").unordered()).longest(100),
    ])
    .audited()
    .archivable()
}

/// `TimeOff`.
pub fn declare_time_off() -> Entity {
    let reason = Field::choice("reason", &REASON, T::Reason, "Why; null when not said.").grouped().written();
    Entity::new(
        "TimeOff",
        &time_off::Entity,
        Class::Person,
        ROWS,
        "Days on which a resource does not work, or not all day. It lessens the capacity; of several about a day all count.",
    )
    .node("off", "timeOff", "timesOff")
    .fields([
        manage(Field::one("resource", T::ResourceId, "Resource", "The resource.")).once(),
        manage(Field::date("startOn", T::StartOn, "The first day.").required()),
        manage(Field::date("endOn", T::EndOn, "The last day.").required()),
        manage(Field::scalar("minutesPerDay", Scalar::Int, T::MinutesPerDay, "Minutes of each of the days, 1 to 1,440; null for the whole day.")),
        Field { class: Some(Class::Absence), ..reason },
    ])
    .audited()
    .archivable()
}
