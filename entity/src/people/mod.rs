//! People, the units they belong to, their identities and roles.

pub mod org_unit;
pub mod person;
pub mod person_identity;
pub mod role_assignment;
