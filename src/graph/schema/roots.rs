//! The root types. Their fields are data, not code: the compiler answers them, and async-graphql only validates and
//! introspects. A root therefore never does anything when the library executes it.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, Response, SchemaEnv, ServerResult,
    SubscriptionType, Value,
    parser::types::Field as AstField,
    registry::{MetaType, MetaTypeId, ObjectBuilder, Registry},
};
use bytes::Bytes;
use futures_util::Stream;

use super::{
    super::{decl::Model, deprecation, system},
    build::{field, input, with_args},
    changes,
    entity::{answered, connection_args},
    insert_types,
};

/// What every authenticated caller may ask.
const ANY: &str = "AUTHENTICATED";

/// Answers of compiled root fields by response key, for documents that also introspect.
pub struct Spliced(pub HashMap<String, Bytes>);

/// Where a root puts the schema's own types, once.
pub(super) struct Handover(pub(super) Arc<OnceLock<SchemaEnv>>);

/// What a dry run, which only validates, puts into the request.
pub struct DryRun;

thread_local! {
    // `create_type_info` takes no `self`: the model reaches it through here while the schema is built.
    pub(super) static MODEL: Cell<Option<&'static Model>> = const { Cell::new(None) };
}

/// Everything that can be read.
pub struct Query;

/// Everything that can be changed.
pub struct Mutation;

/// Everything that can be followed.
pub struct Subscription;

fn model() -> &'static Model {
    MODEL.get().expect("the schema is built by build()")
}

impl OutputType for Query {
    fn type_name() -> Cow<'static, str> {
        "Query".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            insert_types(registry, model());
            query(model())
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<AstField>) -> ServerResult<Value> {
        async_graphql::resolver_utils::resolve_container(ctx, self).await
    }
}

impl ContainerType for Query {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        if let Some(Handover(to)) = ctx.data_opt() {
            let _ = to.set(ctx.schema_env.clone());
            return Ok(Some(Value::Null));
        }
        if ctx.data_opt::<DryRun>().is_some() {
            return Ok(Some(Value::Null));
        }
        let key = ctx.item.node.response_key().node.as_str();
        let answer = ctx.data_opt::<Spliced>().and_then(|s| s.0.get(key));
        Ok(Some(answer.map_or(Value::Null, |bytes| Value::Binary(bytes.clone()))))
    }
}

impl ObjectType for Query {}

impl OutputType for Mutation {
    fn type_name() -> Cow<'static, str> {
        "Mutation".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |_| mutation(model()))
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<AstField>) -> ServerResult<Value> {
        async_graphql::resolver_utils::resolve_container(ctx, self).await
    }
}

impl ContainerType for Mutation {
    async fn resolve_field(&self, _ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        Ok(Some(Value::Null))
    }
}

impl ObjectType for Mutation {}

impl SubscriptionType for Subscription {
    fn type_name() -> Cow<'static, str> {
        "Subscription".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_subscription_type::<Self, _>(|_| subscription(model()))
    }

    fn create_field_stream<'a>(
        &'a self,
        _ctx: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        Some(Box::pin(futures_util::stream::empty()))
    }
}

/// The query type.
pub(super) fn query(model: &Model) -> MetaType {
    let mut fields = vec![
        with_args(
            field("node", "Node", ANY, "The thing with this id; null when there is none that the caller can see."),
            vec![input("id", "ID!", "The id.")],
        ),
        with_args(
            field(
                "nodes",
                "[Node]",
                ANY,
                "The things with these ids, in the order asked; null in place of one that the caller cannot see.",
            ),
            vec![input("ids", "[ID!]!", "At most 100 ids.")],
        ),
    ];
    for entity in &model.entities {
        let needs = entity.class.read().to_string();
        if let Some(plural) = entity.plural {
            let doc = format!("The {} rows that the caller can see.", entity.name);
            let own = field(plural, format!("{}Connection", entity.name), &needs, doc);
            fields.push(with_args(own, connection_args(entity.name)));
        }
        // A list of the entity's own name takes the place of the one without a day.
        for list in &entity.day_lists {
            let dated = field(list.name, format!("{}Connection", entity.name), &needs, list.doc);
            let args = [vec![input("on", "LocalDate", list.on)], connection_args(entity.name)].concat();
            fields.push(with_args(dated, args));
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
    fields.extend(model.answers.iter().map(|answer| answered(answer, ANY)));
    fields.push(changes::query_field());
    fields.extend(system::root_fields());
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    let built = ObjectBuilder::new("Query", fields)
        .description(Some("Everything that can be read.".into()))
        .rust_typename(std::any::type_name::<Query>())
        .build();
    marked(model, "Query", built)
}

/// The mutation type.
pub(super) fn mutation(model: &Model) -> MetaType {
    let fields = model.mutations.iter().map(super::mutation::root_field);
    let fields = fields.map(|f| (f.name.clone(), f)).collect();
    let built = ObjectBuilder::new("Mutation", fields)
        .description(Some(
            "Everything that can be changed. Each mutation is one transaction; those of a document run in order."
                .into(),
        ))
        .rust_typename(std::any::type_name::<Mutation>())
        .build();
    marked(model, "Mutation", built)
}

/// The subscription type.
pub(super) fn subscription(model: &Model) -> MetaType {
    let streams = model.streams.iter().map(changes::stream_field);
    let fields = std::iter::once(changes::subscription_field()).chain(streams);
    let fields = fields.map(|f| (f.name.clone(), f)).collect();
    let built = ObjectBuilder::new("Subscription", fields)
        .description(Some("Everything that can be followed.".into()))
        .rust_typename(std::any::type_name::<Subscription>())
        .is_subscription(true)
        .build();
    marked(model, "Subscription", built)
}

fn marked(model: &Model, name: &str, mut root: MetaType) -> MetaType {
    deprecation::mark(&model.deprecations, name, &mut root);
    root
}
