//! The schema's types, made from the declarations and put into async-graphql's registry. Introspection, the SDL and
//! validation come from there. Every field says what it needs; one that does not makes start-up fail.

pub mod build;
pub mod entity;
pub mod figures;
mod shared;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field as AstField,
    registry::{MetaType, MetaTypeId, MetaTypeName, ObjectBuilder, Registry},
};
use build::{enumeration, union, with_args};
use bytes::Bytes;
use entity::{connection_args, entity_types};
use shared::{built_in, comparator, directive, scalars, shared};

use super::{
    decl::{EnumDecl, Kind, Model},
    schema::build::{field, input},
    system,
};

/// Types by name, as validation and the binder use them.
pub type Types = BTreeMap<String, MetaType>;

/// Answers of compiled root fields by response key, for documents that also introspect.
pub struct Spliced(pub std::collections::HashMap<String, Bytes>);

/// What a dry run, which only validates, puts into the request.
pub struct DryRun;

/// The query root. Its fields are data, not code: the compiler answers them.
pub struct Query(pub &'static Model);

thread_local! {
    // `OutputType::create_type_info` takes no `self`: the model reaches it through here while the schema is built.
    static MODEL: std::cell::Cell<Option<&'static Model>> = const { std::cell::Cell::new(None) };
}

/// The validated schema of a model.
pub type Schema = async_graphql::Schema<Query, async_graphql::EmptyMutation, async_graphql::EmptySubscription>;

/// Builds the schema and, beside it, the types for the binder.
pub fn build(model: &'static Model) -> (Schema, Arc<Types>) {
    MODEL.set(Some(model));
    let schema =
        async_graphql::Schema::build(Query(model), async_graphql::EmptyMutation, async_graphql::EmptySubscription)
            .disable_suggestions()
            .finish();
    let mut registry = Registry::default();
    insert_types(&mut registry, model);
    let query = query_type(model);
    registry.types.insert("Query".into(), query);
    check(&registry);
    MODEL.set(None);
    (schema, Arc::new(std::mem::take(&mut registry.types)))
}

impl OutputType for Query {
    fn type_name() -> Cow<'static, str> {
        "Query".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let model = MODEL.get().expect("the schema is built by build()");
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            insert_types(registry, model);
            query_type(model)
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<AstField>) -> ServerResult<Value> {
        async_graphql::resolver_utils::resolve_container(ctx, self).await
    }
}

impl ContainerType for Query {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        if ctx.data_opt::<DryRun>().is_some() {
            return Ok(Some(Value::Null));
        }
        let key = ctx.item.node.response_key().node.as_str();
        let answer = ctx.data_opt::<Spliced>().and_then(|s| s.0.get(key));
        Ok(Some(answer.map_or(Value::Null, |bytes| Value::Binary(bytes.clone()))))
    }
}

impl ObjectType for Query {}

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
    for decl in enums.values() {
        let values = decl.values.iter().map(|(v, d)| ((*v).to_owned(), Cow::Borrowed(*d)));
        enumeration(r, decl.name, decl.doc, values);
        comparator(r, &format!("{}Filter", decl.name), decl.name, false, false);
    }
}

fn query_type(model: &Model) -> MetaType {
    let mut fields = vec![
        with_args(
            field(
                "node",
                "Node",
                "AUTHENTICATED",
                "The thing with this id; null when there is none that the caller can see.",
            ),
            vec![input("id", "ID!", "The id.")],
        ),
        with_args(
            field(
                "nodes",
                "[Node]",
                "AUTHENTICATED",
                "The things with these ids, in the order asked; null in place of one that the caller cannot see.",
            ),
            vec![input("ids", "[ID!]!", "At most 100 ids.")],
        ),
    ];
    for entity in &model.entities {
        let needs = entity.class.read().to_string();
        if let Some(plural) = entity.plural {
            fields.push(with_args(
                field(
                    plural,
                    format!("{}Connection", entity.name),
                    &needs,
                    format!("The {} rows that the caller can see.", entity.name),
                ),
                connection_args(entity.name),
            ));
        }
        if entity.prefix.is_some() {
            fields.push(with_args(
                field(
                    entity.single,
                    entity.name,
                    &needs,
                    format!(
                        "One {}; null and an error NOT_FOUND when there is none that the caller can see.",
                        entity.name
                    ),
                ),
                vec![input("by", format!("{}Ref!", entity.name), "Which one.")],
            ));
        }
    }
    fields.extend(system::root_fields());
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    ObjectBuilder::new("Query", fields)
        .description(Some("Everything that can be read.".into()))
        .rust_typename(std::any::type_name::<Query>())
        .build()
}

/// Start-up fails on a field without access, a member without description, or a reference to no type.
fn check(r: &Registry) {
    for (name, ty) in &r.types {
        if let Some(fields) = ty.fields() {
            for f in fields.values() {
                let at = format!("{name}.{}", f.name);
                assert!(f.directive_invocations.iter().any(|d| d.name == "access"), "{at} does not say what it needs");
                assert!(f.description.as_ref().is_some_and(|d| !d.is_empty()), "{at} has no description");
                let to = MetaTypeName::concrete_typename(&f.ty);
                assert!(r.types.contains_key(to), "{at} refers to {to}, which is no type");
                for arg in f.args.values() {
                    let to = MetaTypeName::concrete_typename(&arg.ty);
                    assert!(r.types.contains_key(to), "{at}({}) refers to {to}, which is no type", arg.name);
                }
            }
        }
        if let MetaType::InputObject { input_fields, .. } = ty {
            for f in input_fields.values() {
                let to = MetaTypeName::concrete_typename(&f.ty);
                assert!(r.types.contains_key(to), "{name}.{} refers to {to}, which is no type", f.name);
            }
        }
    }
}
