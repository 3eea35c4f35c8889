//! Who asks in these tests: people of the demonstration who hold just one role, strangers whose token names one, and keys.

use axum::http::StatusCode;
use foliograph::auth::Role;
use serde_json::Value;

use super::expected::{Eyes, Rows};
use crate::support::{
    World, api_keys,
    client::{Client, Reply},
};

/// One caller.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    /// `sub` of the token, or the human key of the API key.
    pub subject: &'static str,
    /// Roles that the token names; a key's are in its row.
    pub roles: &'static [Role],
}

/// A stranger: her token's subject means nobody here.
pub const STRANGER: &str = "nobody.known";

/// Everybody: two or three people where a role sees rows by relation, and a stranger for each role.
pub const CAST: &[Who] = &[
    who("anna.keller", &[Role::PmoLead]),
    who("marc.dubois", &[Role::ProjectManager]),
    who("lena.schmid", &[Role::ProjectManager]),
    who("helen.ashworth", &[Role::Sponsor]),
    who("robert.lindqvist", &[Role::Sponsor]),
    who("claire.moreau", &[Role::Sponsor]),
    who("karin.baumann", &[Role::ResourceManager]),
    who("stefan.brunner", &[Role::Finance]),
    who("jonas.weber", &[Role::Analyst]),
    who("priya.nair", &[Role::Analyst]),
    who("walter.zimmermann", &[Role::Auditor]),
    who("svc.reporting", &[Role::Integration]),
    who("tom.fischer", &[Role::Admin]),
    who(STRANGER, &[Role::PmoLead]),
    who(STRANGER, &[Role::ProjectManager]),
    who(STRANGER, &[Role::Sponsor]),
    who(STRANGER, &[Role::ResourceManager]),
    who(STRANGER, &[Role::Finance]),
    who(STRANGER, &[Role::Analyst]),
    who(STRANGER, &[Role::Auditor]),
    who(STRANGER, &[Role::Integration]),
    who(STRANGER, &[Role::Admin]),
    // The union of two roles, an assignment that has ended, a person who left, and nobody at all.
    who("marc.dubois", &[Role::ProjectManager, Role::Finance]),
    who("chloe.martin", &[]),
    who("felix.huber", &[Role::PmoLead]),
    who(STRANGER, &[]),
    who("bi-products", &[]),
    who("sync-operations", &[]),
    who("day-one", &[]),
    who("idle", &[]),
];

const fn who(subject: &'static str, roles: &'static [Role]) -> Who {
    Who { subject, roles }
}

impl Who {
    /// Her client. Whoever she is, a denied field is masked where the test does not say.
    pub async fn client(self, world: &World) -> Client {
        match api_keys::text(self.subject) {
            Some(key) => world.client().await.bearer(&key).header("x-access-mode", "MASK"),
            None => world.client_as(self.subject, self.roles).await,
        }
    }

    /// What she should see.
    pub fn eyes(self, rows: &Rows) -> Eyes<'_> {
        Eyes::of(rows, self.subject, self.roles)
    }
}

/// The first caller of that name.
pub fn named(subject: &str) -> Who {
    *CAST.iter().find(|who| who.subject == subject).expect("one of the cast")
}

/// The answer of a request that must have been executed without errors: `data` and the entries of what was masked.
pub fn answered(reply: &Reply, context: &str) -> (Value, Vec<Value>) {
    let mut body = reply.json();
    assert_eq!(reply.status, StatusCode::OK, "{context}: {body:#}");
    assert!(body.get("errors").is_none(), "{context}: {body:#}");
    let entries = body.pointer("/extensions/access").and_then(Value::as_array).cloned().unwrap_or_default();
    let masked: u64 = entries.iter().map(|entry| entry["count"].as_u64().expect("a count")).sum();
    assert_eq!(reply.header("x-access-masked"), masked.to_string(), "{context}: {body:#}");
    (body["data"].take(), entries)
}
