//! The schema's types, made from the declarations and put into async-graphql's registry. Introspection, the SDL and
//! validation come from there. Every field says what it needs; one that does not makes start-up fail.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::Field as AstField,
    registry::{
        __DirectiveLocation as DirectiveLocation, EnumBuilder, InputObjectBuilder, MetaDirective,
        MetaDirectiveInvocation, MetaEnumValue, MetaField, MetaInputValue, MetaType, MetaTypeId, MetaTypeName,
        ObjectBuilder, Registry,
    },
};
use async_graphql_value::ConstValue;
use bytes::Bytes;

use super::{
    decl::{Entity, EnumDecl, Field, Kind, Model, Scalar},
    system,
    value::is_valid,
};
use crate::auth::{Class, policy::Verb};

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
    let make = || {
        async_graphql::Schema::build(Query(model), async_graphql::EmptyMutation, async_graphql::EmptySubscription)
            .disable_suggestions()
            .finish()
    };
    let schema = make();
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

/// The `@access` directive's invocation.
fn access(needs: &str) -> Vec<MetaDirectiveInvocation> {
    let args = IndexMap::from([("needs".to_owned(), ConstValue::Enum(async_graphql_value::Name::new(needs)))]);
    vec![MetaDirectiveInvocation { name: "access".into(), args }]
}

/// A field of an object type.
pub fn field(
    name: impl Into<String>,
    ty: impl Into<String>,
    needs: impl AsRef<str>,
    doc: impl Into<String>,
) -> MetaField {
    let mut f = MetaField::new(name, ty);
    f.description = Some(doc.into());
    f.directive_invocations = access(needs.as_ref());
    f
}

/// An argument or input field.
pub fn input(name: impl Into<String>, ty: impl Into<String>, doc: impl Into<String>) -> MetaInputValue {
    let mut v = MetaInputValue::new(name, ty);
    v.description = Some(doc.into());
    v
}

fn with_args(mut f: MetaField, args: Vec<MetaInputValue>) -> MetaField {
    f.args = args.into_iter().map(|a| (a.name.clone(), a)).collect();
    f
}

/// Puts an object type into the registry.
pub fn object(r: &mut Registry, name: impl Into<String>, doc: impl Into<String>, fields: Vec<MetaField>) {
    let name = name.into();
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    r.types.insert(
        name.clone(),
        ObjectBuilder::new(name, fields).description(Some(doc.into())).rust_typename("declared").build(),
    );
}

fn input_object(
    r: &mut Registry,
    name: impl Into<String>,
    doc: impl Into<String>,
    fields: Vec<MetaInputValue>,
    one_of: bool,
) {
    let name = name.into();
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    let built = InputObjectBuilder::new(name.clone(), fields)
        .description(Some(doc.into()))
        .rust_typename("declared")
        .oneof(one_of)
        .build();
    r.types.insert(name, built);
}

fn enumeration<'a>(
    r: &mut Registry,
    name: impl Into<String>,
    doc: impl Into<String>,
    values: impl IntoIterator<Item = (String, Cow<'a, str>)>,
) {
    let name = name.into();
    let values = values
        .into_iter()
        .map(|(value, doc)| {
            let mut v = MetaEnumValue::new(value.clone());
            v.description = Some(doc.into_owned());
            (value, v)
        })
        .collect();
    r.types.insert(
        name.clone(),
        EnumBuilder::new(name, values).description(Some(doc.into())).rust_typename("declared").build(),
    );
}

type IsValid = Arc<dyn Fn(&ConstValue) -> bool + Send + Sync>;

fn scalar(r: &mut Registry, name: &str, doc: &str, url: &str, is_valid: IsValid) {
    let built = MetaType::Scalar {
        name: name.into(),
        description: Some(doc.into()),
        is_valid: Some(is_valid),
        visible: None,
        inaccessible: false,
        tags: vec![],
        specified_by_url: Some(url.into()),
        directive_invocations: vec![],
        requires_scopes: vec![],
    };
    r.types.insert(name.into(), built);
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
            if let Kind::Enum { ty, .. } = f.kind {
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

/// Our own types use the built-in scalars before async-graphql adds them; its versions replace these.
fn built_in(r: &mut Registry, name: &str) {
    let check: IsValid = match name {
        "Boolean" => Arc::new(|v| matches!(v, ConstValue::Boolean(_))),
        "Int" => Arc::new(|v| is_valid(Scalar::Int, v)),
        "String" => Arc::new(|v| matches!(v, ConstValue::String(_))),
        _ => Arc::new(|v| matches!(v, ConstValue::String(_)) || matches!(v, ConstValue::Number(n) if n.is_i64())),
    };
    r.types.entry(name.into()).or_insert_with(|| MetaType::Scalar {
        name: name.into(),
        description: None,
        is_valid: Some(check),
        visible: None,
        inaccessible: false,
        tags: vec![],
        specified_by_url: None,
        directive_invocations: vec![],
        requires_scopes: vec![],
    });
}

fn scalars(r: &mut Registry) {
    let of = |s: Scalar| -> IsValid { Arc::new(move |v| is_valid(s, v)) };
    let decimal: IsValid = Arc::new(|v| matches!(v, ConstValue::String(_) | ConstValue::Number(_)));
    let text: IsValid = Arc::new(|v| matches!(v, ConstValue::String(_)));
    let facts: [(&str, &str, &str, IsValid); 9] = [
        (
            "LocalDate",
            "A civil date without a time zone, `YYYY-MM-DD`.",
            "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
            of(Scalar::LocalDate),
        ),
        (
            "DateTime",
            "An instant in UTC, RFC 3339 with exactly three decimals of a second.",
            "https://www.rfc-editor.org/rfc/rfc3339",
            of(Scalar::DateTime),
        ),
        (
            "Decimal",
            "An exact decimal number. Answered as a string, taken as a string or a number; up to 15 digits before the point and 9 after it.",
            "https://www.rfc-editor.org/rfc/rfc8259#section-6",
            decimal,
        ),
        (
            "CurrencyCode",
            "A currency's code of ISO 4217, such as `EUR`.",
            "https://www.iso.org/iso-4217-currency-codes.html",
            of(Scalar::CurrencyCode),
        ),
        (
            "Version",
            "The version of a row, opaque; pass it back as `ifVersion`.",
            "https://www.rfc-editor.org/rfc/rfc9110#section-8.8",
            of(Scalar::Version),
        ),
        (
            "Cursor",
            "A position in a list, opaque and signed; good for the same filter and order only. An empty string means the start.",
            "https://relay.dev/graphql/connections.htm#sec-Cursor",
            text,
        ),
        ("Url", "An absolute address on the web.", "https://www.rfc-editor.org/rfc/rfc3986", of(Scalar::Url)),
        ("Email", "An e-mail address.", "https://www.rfc-editor.org/rfc/rfc5322", of(Scalar::Email)),
        (
            "Long",
            "A whole number of up to 64 bits, answered as a string.",
            "https://www.rfc-editor.org/rfc/rfc8259#section-6",
            Arc::new(|v| {
                matches!(v, ConstValue::String(s) if s.parse::<i64>().is_ok())
                    || matches!(v, ConstValue::Number(n) if n.is_i64())
            }),
        ),
    ];
    for (name, doc, url, check) in facts {
        scalar(r, name, doc, url, check);
    }
}

fn directive(r: &mut Registry) {
    let mut values = vec![("AUTHENTICATED".to_owned(), Cow::Borrowed("Any caller with a valid credential."))];
    for class in Class::ALL {
        for verb in [Verb::Read, Verb::Write, Verb::Approve] {
            let permission = crate::auth::Permission { class, verb };
            let doing = match verb {
                Verb::Read => "Reading",
                Verb::Write => "Writing",
                Verb::Approve => "Approving",
            };
            values.push((permission.to_string(), format!("{doing} fields of class {}.", class.as_str()).into()));
        }
    }
    enumeration(
        r,
        "Permission",
        "What a field needs. `permissionMatrix` says which role has it on which rows.",
        values,
    );
    r.add_directive(MetaDirective {
        name: "access".into(),
        description: Some("What reading this field needs. A caller without it gets null and an entry in `extensions.access`, or an error in access mode ERROR.".into()),
        locations: vec![DirectiveLocation::FIELD_DEFINITION],
        args: IndexMap::from([("needs".to_owned(), input("needs", "Permission!", "The permission."))]),
        is_repeatable: false,
        visible: None,
        composable: None,
    });
}

/// Types that belong to no entity: paging, money, comparators.
fn shared(r: &mut Registry) {
    let any = "AUTHENTICATED";
    let node = vec![field("id", "ID!", any, "The opaque id.")];
    interface(r, "Node", "A thing with an id of its own.", node);
    object(
        r,
        "PageInfo",
        "Where a page stands in its list.",
        vec![
            field(
                "hasNextPage",
                "Boolean!",
                any,
                "Whether more rows follow. When paging backward: whether `before` was given.",
            ),
            field(
                "hasPreviousPage",
                "Boolean!",
                any,
                "When paging backward: whether more rows come before. When paging forward: whether `after` was given.",
            ),
            field("startCursor", "Cursor", any, "Cursor of the first row; null on an empty page."),
            field("endCursor", "Cursor", any, "Cursor of the last row; null on an empty page."),
        ],
    );
    object(
        r,
        "Money",
        "An amount of one currency.",
        vec![
            field("amount", "Decimal!", any, "The amount in major units, exact to 1/10,000."),
            field("currency", "CurrencyCode!", any, "The currency."),
        ],
    );
    object(
        r,
        "ViewerAccess",
        "What the caller may do with a row.",
        vec![
            field("canRead", "Boolean!", any, "Always true: a row that cannot be read is not in any answer."),
            field("canWrite", "Boolean!", any, "Whether the caller may change fields of the row's own class."),
            field(
                "reason",
                "String",
                any,
                "Why it cannot be written: `ROLE` (no role of the caller writes this class) or `ROW` (not this row); null when it can.",
            ),
        ],
    );
    object(
        r,
        "Coverage",
        "What a figure counts and what it leaves out.",
        vec![
            field("included", "Int!", any, "Rows whose value is in the figure."),
            field("excludedNoAccess", "Int!", any, "Visible rows whose value the caller may not read."),
            field("excludedNull", "Int!", any, "Rows that have no value."),
        ],
    );
    enumeration(
        r,
        "SortDirection",
        "Which way a list is ordered.",
        [("ASC".into(), "Smallest first.".into()), ("DESC".into(), "Largest first.".into())],
    );
    enumeration(
        r,
        "NullPosition",
        "Where rows without a value stand.",
        [("FIRST".into(), "Before all others.".into()), ("LAST".into(), "After all others.".into())],
    );
    enumeration(
        r,
        "TextMode",
        "How text is compared.",
        [
            ("EXACT".into(), "Character by character.".into()),
            ("INSENSITIVE".into(), "Without regard to upper and lower case.".into()),
        ],
    );
    enumeration(
        r,
        "TimeBucket",
        "A span of time to group by.",
        [
            ("DAY".into(), "A day.".into()),
            ("WEEK".into(), "A week from Monday (ISO 8601).".into()),
            ("MONTH".into(), "A calendar month.".into()),
            ("QUARTER".into(), "A calendar quarter.".into()),
            ("YEAR".into(), "A calendar year.".into()),
        ],
    );
    input_object(
        r,
        "Ordering",
        "One step of an order.",
        vec![
            input("direction", "SortDirection!", "Which way."),
            input(
                "nulls",
                "NullPosition",
                "Where rows without a value stand; last if not said. A value that the caller may not read counts as none.",
            ),
        ],
        false,
    );
    input_object(
        r,
        "ExternalRef",
        "The id that another system gave to something.",
        vec![input("system", "String!", "The other system, such as `JIRA`."), input("id", "String!", "The id there.")],
        false,
    );
    comparator(r, "IdFilter", "ID", false, false);
    for (scalar, text) in [
        (Scalar::String, true),
        (Scalar::Int, false),
        (Scalar::LocalDate, false),
        (Scalar::DateTime, false),
        (Scalar::CurrencyCode, false),
        (Scalar::Url, false),
        (Scalar::Email, true),
    ] {
        comparator(r, &filter_name(scalar), scalar.name(), scalar.is_ordered(), text);
    }
    input_object(
        r,
        "BooleanFilter",
        "Compares a truth value.",
        vec![
            input("eq", "Boolean", "Equal."),
            input("neq", "Boolean", "Not equal."),
            input("isNull", "Boolean", "Whether there is no value."),
        ],
        false,
    );
    let amounts = ["eq", "neq", "gt", "gte", "lt", "lte"].map(|op| input(op, "Decimal", comparator_doc(op)));
    let mut fields = vec![input(
        "currency",
        "CurrencyCode",
        "Only amounts of this currency. Without it, comparing rows of several currencies is an error (CURRENCY_REQUIRED).",
    )];
    fields.extend(amounts);
    fields.push(input("isNull", "Boolean", "Whether there is no value."));
    input_object(r, "MoneyFilter", "Compares money.", fields, false);
}

fn interface(r: &mut Registry, name: &str, doc: &str, fields: Vec<MetaField>) {
    let built = MetaType::Interface {
        name: name.into(),
        description: Some(doc.into()),
        fields: fields.into_iter().map(|f| (f.name.clone(), f)).collect(),
        possible_types: Default::default(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some("declared"),
        directive_invocations: vec![],
        requires_scopes: vec![],
    };
    r.types.insert(name.into(), built);
}

/// Says that a type implements an interface, on both sides.
fn implement(r: &mut Registry, name: &str, of: &str) {
    r.add_implements(name, of);
    if let Some(MetaType::Interface { possible_types, .. }) = r.types.get_mut(of) {
        possible_types.insert(name.to_owned());
    }
}

fn union(r: &mut Registry, model: &Model, name: &str, arms: &[(&str, &str)]) {
    let members = arms.iter().flat_map(|(_, to)| model.concrete(model.entity(to))).map(|e| e.name.to_owned()).collect();
    let built = MetaType::Union {
        name: name.into(),
        description: Some("One of several types; ask for `__typename` or use fragments.".into()),
        possible_types: members,
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some("declared"),
        directive_invocations: vec![],
    };
    r.types.insert(name.into(), built);
}

fn comparator_doc(op: &str) -> &'static str {
    match op {
        "eq" => "Equal. Null is an error here: use `isNull`.",
        "neq" => "Not equal. A row without a value is neither equal nor unequal.",
        "in" => "One of these; an empty list matches nothing.",
        "nin" => "None of these. A row without a value does not match.",
        "gt" => "Greater than.",
        "gte" => "Greater than or equal.",
        "lt" => "Less than.",
        "lte" => "Less than or equal.",
        "contains" => "Has this text in it.",
        "startsWith" => "Begins with this text.",
        "endsWith" => "Ends with this text.",
        _ => "Whether there is no value.",
    }
}

fn comparator(r: &mut Registry, name: &str, scalar: &str, ordered: bool, text: bool) {
    let mut fields = vec![];
    for op in ["eq", "neq"] {
        fields.push(input(op, scalar, comparator_doc(op)));
    }
    for op in ["in", "nin"] {
        fields.push(input(op, format!("[{scalar}!]"), comparator_doc(op)));
    }
    if ordered {
        for op in ["gt", "gte", "lt", "lte"] {
            fields.push(input(op, scalar, comparator_doc(op)));
        }
    }
    if text {
        for op in ["contains", "startsWith", "endsWith"] {
            fields.push(input(op, "String", comparator_doc(op)));
        }
        fields.push(input(
            "mode",
            "TextMode",
            "How all comparisons here look at letters; EXACT if not said. Codes and addresses fold ASCII letters only.",
        ));
    }
    fields.push(input("isNull", "Boolean", comparator_doc("isNull")));
    input_object(
        r,
        name,
        format!("Compares a value of type {scalar}. All conditions given must hold; an empty object is no condition."),
        fields,
        false,
    );
}

/// The filter input of a scalar.
pub fn filter_name(scalar: Scalar) -> String {
    format!("{}Filter", scalar.name())
}

/// The output type of a field, without `!`.
fn output_type(f: &Field) -> String {
    match &f.kind {
        Kind::Id => "ID".into(),
        Kind::Scalar { ty, .. } => ty.name().into(),
        Kind::Enum { ty, .. } => ty.name.into(),
        Kind::Money { .. } => "Money".into(),
        Kind::One { to, .. } => (*to).into(),
        Kind::Many { to, .. } => format!("{to}Connection"),
        Kind::Union { name, .. } => (*name).into(),
        Kind::ViewerAccess => "ViewerAccess".into(),
    }
}

/// The arguments of a connection.
fn connection_args(to: &str) -> Vec<MetaInputValue> {
    vec![
        input(
            "first",
            "Int",
            "How many rows from the start or after `after`; 50 if neither `first` nor `last` is given.",
        ),
        input("after", "Cursor", "Only rows after this cursor. Null or an empty string means the start."),
        input("last", "Int", "How many rows from the end or before `before`. Not together with `first`."),
        input("before", "Cursor", "Only rows before this cursor."),
        input("filter", format!("{to}Filter"), "Only rows that meet this."),
        input(
            "orderBy",
            format!("[{to}Order!]"),
            "The order, at most four steps; the id decides last. By id, which is by age, if not said.",
        ),
    ]
}

fn entity_types(r: &mut Registry, model: &Model, entity: &Entity) {
    let name = entity.name;
    let mut fields = vec![];
    for f in &entity.fields {
        let needs = match &f.kind {
            Kind::One { to, .. } | Kind::Many { to, .. } => model.entity(to).class,
            _ => entity.class_of(f),
        };
        let bang = if f.required { "!" } else { "" };
        let mut meta = field(f.name, format!("{}{bang}", output_type(f)), &needs.read().to_string(), f.doc);
        if let Kind::Many { to, .. } = &f.kind {
            meta = with_args(meta, connection_args(to));
        }
        fields.push(meta);
    }
    if entity.members.is_empty() {
        object(r, name, entity.doc, fields);
        if entity.prefix.is_some() {
            implement(r, name, "Node");
        }
        for interface in &entity.implements {
            implement(r, name, interface);
        }
    } else {
        let members = entity.members.clone();
        interface(r, name, entity.doc, fields);
        for member in members {
            implement(r, member, name);
        }
    }
    connection_types(r, entity);
    filter_types(r, model, entity);
    aggregate_types(r, entity);
    if entity.prefix.is_some() {
        let mut by = vec![input("id", "ID", "Its id.")];
        if entity.keyed {
            by.push(input("key", "String", "Its human key."));
        }
        if entity.external.is_some() {
            by.push(input("external", "ExternalRef", "The id that another system gave it."));
        }
        input_object(r, format!("{name}Ref"), format!("Names one {name}."), by, true);
    }
}

fn connection_types(r: &mut Registry, entity: &Entity) {
    let name = entity.name;
    let needs = entity.class.read().to_string();
    let group_args = vec![
        input("by", format!("[{name}GroupBy!]!"), "What rows of one group have in common; at most four."),
        input("orderBy", format!("[{name}GroupOrder!]"), "The order of the groups; by key if not said."),
        input("first", "Int", "How many groups. Without it all of them, and an error if there are more than 1,000."),
    ];
    object(
        r,
        format!("{name}Connection"),
        format!("A page of {name} rows."),
        vec![
            field("edges", format!("[{name}Edge!]!"), &needs, "The rows with their cursors."),
            field("nodes", format!("[{name}!]!"), &needs, "The rows."),
            field("pageInfo", "PageInfo!", &needs, "Where this page stands."),
            field("totalCount", "Int", &needs, "How many rows the caller can see that meet the filter, on all pages."),
            field(
                "aggregate",
                format!("{name}Aggregate"),
                &needs,
                "Figures over all rows that meet the filter, on all pages.",
            ),
            with_args(
                field("groups", format!("[{name}Group!]"), &needs, "The same figures for each group of rows."),
                group_args,
            ),
        ],
    );
    object(
        r,
        format!("{name}Edge"),
        "A row and its place in the list.",
        vec![
            field("cursor", "Cursor!", &needs, "The row's place in this list."),
            field("node", format!("{name}!"), &needs, "The row."),
        ],
    );
}

/// The filter input of a field, if it may be filtered.
pub fn field_filter(f: &Field) -> Option<String> {
    if !f.filter {
        return None;
    }
    Some(match &f.kind {
        Kind::Id => "IdFilter".into(),
        Kind::Scalar { ty, .. } => filter_name(*ty),
        Kind::Enum { ty, .. } => format!("{}Filter", ty.name),
        Kind::Money { .. } => "MoneyFilter".into(),
        Kind::One { to, .. } => format!("{to}Filter"),
        Kind::Many { to, .. } => format!("{to}ListFilter"),
        Kind::Union { .. } | Kind::ViewerAccess => return None,
    })
}

/// The condition that a link leads somewhere: `hasPortfolio`.
pub fn has(name: &str) -> String {
    format!("has{}{}", name[..1].to_uppercase(), &name[1..])
}

fn filter_types(r: &mut Registry, model: &Model, entity: &Entity) {
    let name = entity.name;
    let mut fields = vec![
        input("and", format!("[{name}Filter!]"), "All of these hold."),
        input("or", format!("[{name}Filter!]"), "At least one of these holds; an empty list matches nothing."),
        input("not", format!("{name}Filter"), "This does not hold."),
    ];
    for f in &entity.fields {
        if let Some(ty) = field_filter(f) {
            let needs = match &f.kind {
                Kind::One { to, .. } | Kind::Many { to, .. } => model.entity(to).class,
                _ => entity.class_of(f),
            };
            fields.push(input(f.name, ty, format!("Condition on `{}`. Needs {}.", f.name, needs.read())));
            if matches!(f.kind, Kind::One { .. }) {
                fields.push(input(
                    has(f.name),
                    "Boolean",
                    format!("Whether there is a `{}` that the caller can see. Needs {}.", f.name, needs.read()),
                ));
            }
        }
    }
    input_object(
        r,
        format!("{name}Filter"),
        format!(
            "Conditions on a {name}. All given must hold; an empty object is no condition. At most 50 comparisons, nested at most 5 deep."
        ),
        fields,
        false,
    );
    input_object(
        r,
        format!("{name}ListFilter"),
        format!("Conditions on the {name} rows that link here and that the caller can see."),
        vec![
            input("some", format!("{name}Filter"), "At least one row meets this."),
            input("every", format!("{name}Filter"), "No row fails this."),
            input("none", format!("{name}Filter"), "No row meets this."),
            input("isEmpty", "Boolean", "Whether there are no rows at all."),
        ],
        false,
    );
    let order = entity
        .fields
        .iter()
        .filter(|f| f.order)
        .map(|f| input(f.name, "Ordering", format!("By `{}`. Needs {}.", f.name, entity.class_of(f).read())))
        .collect();
    input_object(r, format!("{name}Order"), "One step of the order; give exactly one field.", order, true);
}

/// Fields of an entity that figures can be made of.
pub fn measures(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|f| match &f.kind {
        Kind::Money { .. } => true,
        Kind::Scalar { ty, .. } => ty.is_ordered() && !ty.is_text(),
        _ => false,
    })
}

/// Fields of an entity whose different values can be counted.
pub fn countable(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|f| matches!(f.kind, Kind::Scalar { .. } | Kind::Enum { .. }) && f.filter)
}

/// Whether a field's values can be added up.
pub fn is_additive(f: &Field) -> bool {
    matches!(f.kind, Kind::Money { additive: true, .. })
}

fn aggregate_types(r: &mut Registry, entity: &Entity) {
    let name = entity.name;
    let row_needs = entity.class.read().to_string();
    let needs = |f: &Field| entity.class_of(f).read().to_string();
    let mut parts = vec![];
    let mut part = |r: &mut Registry, part: &str, suffix: &str, doc: &str, fields: Vec<MetaField>| {
        if !fields.is_empty() {
            parts.push((part.to_owned(), format!("{name}{suffix}"), doc.to_owned()));
            object(
                r,
                format!("{name}{suffix}"),
                format!("{doc} One field for each field that it can be made of."),
                fields,
            );
        }
    };
    let additive = |doc: &str| {
        measures(entity).filter(|f| is_additive(f)).map(|f| field(f.name, "[Money!]", needs(f), format!("{doc} `{}`, one entry a currency, ordered by code; rows without a value or without access are left out, see `coverage`.", f.name))).collect::<Vec<_>>()
    };
    part(r, "sum", "Sum", "Sums.", additive("Sum of"));
    part(
        r,
        "avg",
        "Avg",
        "Means over the rows that have a value, rounded half to even at 1/10,000.",
        additive("Mean of"),
    );
    let extremes = |doc: &str| {
        measures(entity)
            .map(|f| match &f.kind {
                Kind::Money { .. } => field(
                    f.name,
                    "[Money!]",
                    needs(f),
                    format!("{doc} `{}`, one entry a currency, ordered by code.", f.name),
                ),
                _ => field(f.name, output_type(f), needs(f), format!("{doc} `{}`; null where no row has one.", f.name)),
            })
            .collect::<Vec<_>>()
    };
    part(r, "min", "Min", "Smallest values.", extremes("Smallest"));
    part(r, "max", "Max", "Largest values.", extremes("Largest"));
    let distinct = countable(entity)
        .map(|f| {
            field(
                f.name,
                "Int",
                needs(f),
                format!("How many different values `{}` has among the rows that have one.", f.name),
            )
        })
        .collect();
    part(r, "distinctCount", "DistinctCount", "Counts of different values.", distinct);
    let coverage = measures(entity)
        .map(|f| {
            field(
                f.name,
                "Coverage!",
                row_needs.as_str(),
                format!("What figures over `{}` count and leave out.", f.name),
            )
        })
        .collect();
    part(r, "coverage", "Coverage", "What the figures count and what they leave out.", coverage);
    let mut fields = vec![field("count", "Int!", &row_needs, "How many rows.")];
    fields.extend(parts.iter().map(|(n, ty, doc)| field(n, format!("{ty}!"), &row_needs, doc)));
    object(r, format!("{name}Aggregate"), format!("Figures over {name} rows."), fields.clone());

    let groupable: Vec<&Field> = entity.fields.iter().filter(|f| f.group).collect();
    let key = groupable.iter().map(|f| field(f.name, output_type(f), needs(f), format!("The group's `{}`: for a time bucket its first day. Null when not grouped by it, or when its rows have no value that the caller can see.", f.name))).collect();
    object(r, format!("{name}GroupKey"), "What the rows of a group have in common.", key);
    let mut group = vec![field("key", format!("{name}GroupKey!"), &row_needs, "What the rows have in common.")];
    group.extend(fields);
    object(r, format!("{name}Group"), format!("Figures over one group of {name} rows."), group);
    let names = |f: &[&Field]| {
        f.iter()
            .map(|f| (screaming(f.name), Cow::Owned(format!("By `{}`. Needs {}.", f.name, needs(f)))))
            .collect::<Vec<_>>()
    };
    enumeration(r, format!("{name}GroupField"), "A field to group by.", names(&groupable));
    let times: Vec<&Field> = groupable.iter().copied().filter(|f| is_time(f)).collect();
    let mut by = vec![input("field", format!("{name}GroupField"), "Rows with the same value.")];
    if !times.is_empty() {
        enumeration(r, format!("{name}TimeField"), "A date to group by.", names(&times));
        input_object(
            r,
            format!("{name}TimeGroup"),
            "Rows whose date falls into the same span.",
            vec![input("field", format!("{name}TimeField!"), "The date."), input("bucket", "TimeBucket!", "The span.")],
            false,
        );
        by.push(input("time", format!("{name}TimeGroup"), "Rows of the same span of time."));
    }
    input_object(r, format!("{name}GroupBy"), "One part of a group's key; give exactly one.", by, true);
    input_object(
        r,
        format!("{name}GroupOrder"),
        "One step of the order of groups; give exactly one.",
        vec![
            input("count", "SortDirection", "By the number of rows."),
            input("key", "SortDirection", "By the key, part by part; groups without a value last."),
        ],
        true,
    );
}

/// Whether a field is a date or an instant.
pub fn is_time(f: &Field) -> bool {
    matches!(f.kind, Kind::Scalar { ty: Scalar::LocalDate | Scalar::DateTime, .. })
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
