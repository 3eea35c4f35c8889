//! The schema's types, made from the declarations and put into async-graphql's registry. Introspection, the SDL and
//! validation come from there. Every field says what it needs; one that does not makes start-up fail.

pub mod build;
pub mod changes;
pub mod entity;
pub mod figures;
mod mutation;
mod roots;
mod shared;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Request, SchemaEnv,
    registry::{MetaType, MetaTypeName, Registry},
};
use build::{enumeration, union};
use entity::entity_types;
use futures_util::FutureExt as _;
pub use roots::{DryRun, Spliced};
use roots::{Handover, MODEL, Mutation, Query, Subscription};
use shared::{built_in, comparator, directive, scalars, shared};

use super::{
    decl::{EnumDecl, Kind, Model},
    deprecation, system,
};

/// Types by name, as validation and the binder use them: those of the schema itself, which are megabytes and there once.
pub struct Types(SchemaEnv);

impl Deref for Types {
    type Target = BTreeMap<String, MetaType>;

    fn deref(&self) -> &Self::Target {
        &self.0.registry.types
    }
}

impl Types {
    /// The library hands them to a root that it executes, and to nobody else.
    fn of(schema: &Schema) -> Self {
        let handed = Arc::new(OnceLock::new());
        let request = Request::new("{ nodes(ids: []) { __typename } }").data(Handover(handed.clone()));
        let _ = schema.execute(request).now_or_never();
        Self(handed.get().cloned().expect("a root is executed without waiting"))
    }
}

/// The validated schema of a model.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema and, beside it, the types for the binder.
pub fn build(model: &'static Model) -> (Schema, Arc<Types>) {
    MODEL.set(Some(model));
    let schema = async_graphql::Schema::build(Query, Mutation, Subscription).disable_suggestions().finish();
    MODEL.set(None);
    let types = Types::of(&schema);
    check(&types);
    deprecation::check(&model.deprecations, &types);
    (schema, Arc::new(types))
}

/// `fieldName` as an enum value: `FIELD_NAME`.
pub fn screaming(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

fn insert_types(r: &mut Registry, model: &Model) {
    for name in ["Boolean", "Int", "String", "ID"] {
        built_in(r, name);
    }
    scalars(r);
    directive(r);
    shared(r);
    system::insert_types(r);
    let mut enums: BTreeMap<&str, &EnumDecl> = BTreeMap::new();
    for entity in &model.entities {
        for f in &entity.fields {
            if let Kind::Enum { ty, .. } | Kind::Enums { ty, .. } = f.kind {
                enums.insert(ty.name, ty);
            }
            if let Kind::Union { name, arms } = &f.kind {
                union(r, model, name, arms);
            }
        }
        entity_types(r, model, entity);
    }
    mutation::insert_types(r, model);
    changes::insert_types(r, model);
    for decl in enums.values() {
        let values = decl.values.iter().map(|(v, d)| ((*v).to_owned(), Cow::Borrowed(*d)));
        enumeration(r, decl.name, decl.doc, values);
        comparator(r, &format!("{}Filter", decl.name), decl.name, false, false);
    }
    for (name, ty) in &mut r.types {
        deprecation::mark(&model.deprecations, name, ty);
    }
}

/// Start-up fails on a field without access, a member without description, or a reference to no type.
fn check(types: &Types) {
    for (name, ty) in types.iter().filter(|(name, _)| !name.starts_with("__")) {
        if let Some(fields) = ty.fields() {
            // The library's own fields of the query root tell of the schema alone.
            for f in fields.values().filter(|f| !f.name.starts_with("__")) {
                let at = format!("{name}.{}", f.name);
                assert!(f.directive_invocations.iter().any(|d| d.name == "access"), "{at} does not say what it needs");
                assert!(f.description.as_ref().is_some_and(|d| !d.is_empty()), "{at} has no description");
                let to = MetaTypeName::concrete_typename(&f.ty);
                assert!(types.contains_key(to), "{at} refers to {to}, which is no type");
                for arg in f.args.values() {
                    let to = MetaTypeName::concrete_typename(&arg.ty);
                    assert!(types.contains_key(to), "{at}({}) refers to {to}, which is no type", arg.name);
                }
            }
        }
        if let MetaType::InputObject { input_fields, .. } = ty {
            for f in input_fields.values() {
                let to = MetaTypeName::concrete_typename(&f.ty);
                assert!(types.contains_key(to), "{name}.{} refers to {to}, which is no type", f.name);
            }
        }
    }
}
