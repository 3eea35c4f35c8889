//! The server's own facts: who asks (`viewer`), who may what (`permissionMatrix`), what this server is (`serverInfo`).
//! Each is a tree of values that the selection projects.

use async_graphql::registry::{MetaField, MetaType, Registry};
use serde_json::{Value as Json, json};

use super::{
    filter::{self, operand::MAX_IN},
    id,
    schema::{
        Types,
        build::{field, object},
    },
};
use crate::{
    auth::{
        Caller, Class, Permission, Role, policy,
        steps::{self, Step},
    },
    config::{LimitColumns, Limits},
};

const ANY: &str = "AUTHENTICATED";

/// Root fields.
pub fn root_fields() -> Vec<MetaField> {
    vec![
        field("viewer", "Viewer!", ANY, "The caller: who she is, which roles she has and what they give."),
        field(
            "permissionMatrix",
            "PermissionMatrix!",
            ANY,
            "Which permission each field needs, and which role has it on which rows. The same for everyone.",
        ),
        field("serverInfo", "ServerInfo!", ANY, "What this server is and which limits it keeps."),
    ]
}

/// Types of these trees.
pub fn insert_types(r: &mut Registry) {
    object(
        r,
        "Viewer",
        "The caller.",
        vec![
            field(
                "person",
                "Person",
                "BASIC_READ",
                "The person behind the credential; null when the credential belongs to nobody known here.",
            ),
            field("subject", "String!", ANY, "The subject of the credential."),
            field("roles", "[String!]!", ANY, "Roles of the credential and of assignments valid today."),
            field("permissions", "[PermissionScope!]!", ANY, "What these roles give together."),
            field("expiresAt", "DateTime!", ANY, "When the credential ends."),
        ],
    );
    object(
        r,
        "PermissionScope",
        "A permission and the rows it holds on.",
        vec![
            field("permission", "Permission!", ANY, "The permission."),
            field(
                "scopes",
                "[String!]!",
                ANY,
                "The rows: ALL, ACTIVE (items under way), OWN (projects managed), SPON (sponsored, and below), PF (portfolios owned or assigned), TEAM (resources managed), SELF, GRANT (granted to a key), OWN_DRAFT, DECIDED, SHARED, ROLE_RATES, OWN_NON_LABOR. The permission holds on their union.",
            ),
        ],
    );
    object(
        r,
        "PermissionMatrix",
        "The table of rights.",
        vec![
            field("grants", "[PermissionGrant!]!", ANY, "What each role has."),
            field("fields", "[FieldPermission!]!", ANY, "What each field of the schema needs."),
            field("steps", "[StepPermission!]!", ANY, "Which role may take which step, such as approving a project."),
        ],
    );
    object(
        r,
        "PermissionGrant",
        "A permission of a role.",
        vec![
            field("role", "String!", ANY, "The role."),
            field("permission", "Permission!", ANY, "The permission."),
            field("scopes", "[String!]!", ANY, "The rows it holds on; see `PermissionScope.scopes`."),
        ],
    );
    object(
        r,
        "FieldPermission",
        "What a field needs.",
        vec![
            field("coordinate", "String!", ANY, "The field, such as `Project.budget`."),
            field("needs", "Permission!", ANY, "The permission."),
        ],
    );
    object(
        r,
        "StepPermission",
        "A step that a role may take.",
        vec![
            field("step", "String!", ANY, "The step, such as `ITEM_APPROVE`."),
            field("role", "String!", ANY, "The role."),
            field("scopes", "[String!]!", ANY, "The rows on which it may; see `PermissionScope.scopes`."),
            field(
                "barred",
                "[String!]!",
                ANY,
                "Who may not all the same, for her part in the matter: PROJECT_MANAGER, CREATOR, SUBMITTER, RECORDER.",
            ),
        ],
    );
    object(
        r,
        "ServerInfo",
        "What this server is.",
        vec![
            field("name", "String!", ANY, "Its name."),
            field("version", "String!", ANY, "Its version."),
            field("database", "String!", ANY, "The kind of database behind it: `postgres` or `sqlite`."),
            field("limits", "ServerLimits!", ANY, "The limits it keeps."),
        ],
    );
    let limit = |name, doc| field(name, "Int!", ANY, doc);
    object(
        r,
        "ServerLimits",
        "Limits of the caller: users and service keys have columns of their own.",
        vec![
            limit("bodyBytes", "Longest body of a request, in bytes."),
            limit("uriBytes", "Longest address, in bytes."),
            limit("documentBytes", "Longest document, in bytes."),
            limit("tokens", "Most tokens of a document."),
            limit("depth", "Deepest nesting of fields, introspection apart."),
            limit("aliases", "Most aliases."),
            limit("rootFields", "Most root fields."),
            limit("repeatedKeys", "How often one selection may name the same response key."),
            limit("directives", "Most directives."),
            limit("directivesPerPlace", "Most directives at one place."),
            limit("selectedFields", "Most fields after fragments are opened."),
            limit("pageSize", "Most rows of a page."),
            limit("nodes", "Most ids of `nodes`."),
            limit("filterLeaves", "Most comparisons in a filter."),
            limit("filterDepth", "Deepest nesting of conditions in a filter."),
            limit("filterValues", "Most values of a list in a comparison."),
            limit(
                "cost",
                "The highest price of a request: a row 1, a value 0, a connection 2 + rows × what a row costs, figures over all rows 10, a group 1.",
            ),
            limit("bucket", "What may be spent at once, by all requests together."),
            limit("refillPerSecond", "What is given back to it each second."),
            limit("timeSeconds", "How long a request may take, in seconds."),
            limit("inFlight", "Requests that may run at the same time."),
            limit("sockets", "Connections that may stay open: sockets and streams of events."),
            limit("subscriptionsPerSocket", "Operations that a socket carries at a time."),
            limit("frameBytes", "Longest frame that a socket takes, in bytes."),
            limit(
                "failedAuthenticationsPerMinute",
                "Bad credentials that one network address may present in a minute.",
            ),
        ],
    );
}

/// What the trees are made of.
pub struct Facts<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The schema.
    pub types: &'a Types,
    /// The limits.
    pub limits: &'a Limits,
    /// `postgres` or `sqlite`.
    pub database: &'static str,
}

impl Facts<'_> {
    /// The tree of a root field.
    pub fn tree(&self, name: &str) -> Json {
        match name {
            "viewer" => self.viewer(),
            "permissionMatrix" => self.matrix(),
            _ => self.server(),
        }
    }

    fn viewer(&self) -> Json {
        let permissions = permissions().filter_map(|p| {
            let scopes = self.caller.rights.scopes(p);
            (!scopes.is_empty()).then(|| json!({ "permission": p.to_string(), "scopes": names(scopes) }))
        });
        json!({
            "person": self.caller.person.map(|person| id::encode("per", person)),
            "subject": self.caller.identity.subject,
            "roles": self.caller.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>(),
            "permissions": permissions.collect::<Vec<_>>(),
            "expiresAt": self.caller.identity.expires_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        })
    }

    fn matrix(&self) -> Json {
        let mut grants = vec![];
        for role in Role::ALL {
            for permission in permissions() {
                let given = policy::decide(role, permission.class);
                let scopes = match permission.verb {
                    policy::Verb::Read => given.read,
                    policy::Verb::Write => given.write,
                    policy::Verb::Approve => given.approve,
                };
                if !scopes.is_empty() {
                    grants.push(
                        json!({ "role": role.as_str(), "permission": permission.to_string(), "scopes": names(scopes) }),
                    );
                }
            }
        }
        let fields: Vec<Json> = needs(self.types)
            .into_iter()
            .map(|(coordinate, needs)| json!({ "coordinate": coordinate, "needs": needs }))
            .collect();
        let steps: Vec<Json> = Step::ALL
            .into_iter()
            .flat_map(|step| Role::ALL.map(|role| (step, role, steps::decide(role, step))))
            .filter(|(_, _, scopes)| !scopes.is_empty())
            .map(|(step, role, scopes)| {
                let barred: Vec<_> = step.barred().iter().map(|d| d.as_str()).collect();
                json!({ "step": step.as_str(), "role": role.as_str(), "scopes": names(scopes), "barred": barred })
            })
            .collect();
        json!({ "grants": grants, "fields": fields, "steps": steps })
    }

    fn server(&self) -> Json {
        json!({
            "name": "Foliograph",
            "version": env!("CARGO_PKG_VERSION"),
            "database": self.database,
            "limits": limits(self.limits, self.caller.rights.writes_anything()),
        })
    }
}

fn permissions() -> impl Iterator<Item = Permission> {
    Class::ALL.into_iter().flat_map(|c| [c.read(), c.write(), c.approve()])
}

fn names(scopes: policy::Scopes) -> Vec<&'static str> {
    policy::Scopes::NAMES.iter().filter(|(s, _)| scopes.has(*s)).map(|(_, n)| *n).collect()
}

/// The limits of a caller, as the schema tells them. Who writes anything may send more.
fn limits(l: &Limits, writes: bool) -> Json {
    json!({
        "bodyBytes": if writes { l.write_body } else { l.body },
        "uriBytes": l.uri,
        "documentBytes": l.document_bytes,
        "tokens": l.tokens,
        "depth": l.depth,
        "aliases": l.aliases,
        "rootFields": l.root_fields,
        "repeatedKeys": l.repeated_keys,
        "directives": l.directives,
        "directivesPerPlace": l.directives_per_place,
        "selectedFields": l.selected_fields,
        "pageSize": l.page,
        "nodes": super::run::MAX_NODES,
        "filterLeaves": filter::MAX_LEAVES,
        "filterDepth": filter::MAX_DEPTH,
        "filterValues": MAX_IN,
        "cost": l.cost,
        "bucket": l.bucket,
        "refillPerSecond": l.refill,
        "timeSeconds": l.seconds,
        "inFlight": l.in_flight,
        "sockets": l.sockets,
        "subscriptionsPerSocket": l.subscriptions,
        "frameBytes": l.frame_bytes,
        "failedAuthenticationsPerMinute": l.failed_authentications,
    })
}

/// Each limit with what it counts, for people and for service keys.
pub fn limits_told(types: &Types, of: &LimitColumns) -> Vec<(String, String, [String; 2])> {
    let columns = [limits(&of.user, true), limits(&of.key, true)];
    let fields = types.get("ServerLimits").and_then(|ty| ty.fields()).into_iter().flatten();
    let told = |name: &String| [0, 1].map(|column: usize| columns[column][name].to_string());
    fields.map(|(name, f)| (name.clone(), f.description.clone().unwrap_or_default(), told(name))).collect()
}

/// The schema's own scalars, with what they hold and where they are specified.
pub fn scalars(types: &Types) -> Vec<(String, String, String)> {
    let of = |ty: &MetaType| match ty {
        MetaType::Scalar { name, description, specified_by_url: Some(url), .. } => {
            Some((name.clone(), description.clone().unwrap_or_default(), url.clone()))
        }
        _ => None,
    };
    types.values().filter_map(of).collect()
}

/// Every field of the schema with what it needs.
pub fn needs(types: &Types) -> Vec<(String, String)> {
    let mut out = vec![];
    for (name, ty) in types.iter() {
        for f in ty.fields().into_iter().flatten().map(|(_, f)| f) {
            let needs = f.directive_invocations.iter().find(|d| d.name == "access").and_then(|d| d.args.get("needs"));
            if let Some(needs) = needs {
                out.push((format!("{name}.{}", f.name), needs.to_string()));
            }
        }
    }
    out
}
