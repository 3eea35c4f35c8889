//! A role given to a person for a time. What it gives is the policy's to say, here stands only who has it.

use entity::role_assignment;

use crate::{
    auth::{Class, Role, Scopes, policy},
    graph::decl::{Entity, EnumDecl, Field, RowScope},
};

/// `RoleName`.
pub static ROLE: EnumDecl = EnumDecl {
    name: "RoleName",
    doc: "A role that can be assigned.",
    values: &[
        ("PMO_LEAD", "Head of the project management office: sees every project, decides gates and baselines."),
        ("PROJECT_MANAGER", "Runs her own projects."),
        ("SPONSOR", "Answers for value and money of what she sponsors."),
        ("RESOURCE_MANAGER", "Answers for people: capacity, bookings, absences."),
        ("FINANCE", "Keeps budgets, actuals and rates."),
        ("ANALYST", "Reads and analyzes the portfolios that she was given."),
        ("AUDITOR", "Reads everything, changes nothing."),
        ("INTEGRATION", "A script or tool with rows granted to it."),
        ("ADMIN", "Keeps credentials and configuration; no business data."),
    ],
};

/// `RoleAssignment`.
pub fn declare() -> Entity {
    use role_assignment::Column as C;
    let rows = RowScope::OfPerson { person: "person_id" };
    Entity::new("RoleAssignment", &role_assignment::Entity, Class::Sec, rows, "A role given to a person, for a time and perhaps for one part of the portfolio.")
        .node("rol", "roleAssignment", "roleAssignments")
        .keyed(C::Key, "The human key; unique among assignments.")
        .fields([
            Field::one("person", C::PersonId, "Person", "Who has the role.").written().once(),
            Field::choice("role", &ROLE, C::Role, "The role.").required().written().once(),
            Field::one("item", C::ItemId, "PortfolioItem", "The portfolio, program or project that it is about: its subtree is the scope PF. Null for a role without one, or when the caller cannot see the item.").written().once().defaulted(),
            Field::date("validFromOn", C::ValidFromOn, "First day on which the role holds; today if not said.").required().written().defaulted(),
            Field::date("validToOn", C::ValidToOn, "Last day on which the role holds; null for no end.").written(),
            Field::money("approvalLimit", Class::Sec, (C::ApprovalLimitAmount, C::ApprovalLimitCurrency), false, "Up to which amount a sponsor approves a budget; null for no right to approve.").written(),
        ])
        .audited()
        .archivable()
}

/// Whether an assignment of the role may name an item. One that reads every row would only seem to be narrowed by it.
pub(super) fn takes_an_item(role: Role) -> bool {
    match role {
        Role::ProjectManager | Role::Sponsor | Role::ResourceManager | Role::Analyst => true,
        Role::PmoLead | Role::Finance | Role::Auditor | Role::Integration | Role::Admin => {
            // Kept beside the policy: a role that comes to read portfolios takes an item as well.
            policy::decide(role, Class::Basic).read.has(Scopes::PF)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ROLE;
    use crate::auth::Role;

    #[test]
    fn the_schema_names_the_roles_that_the_policy_knows() {
        let shown: Vec<_> = ROLE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, Role::ALL.map(Role::as_str));
    }
}
