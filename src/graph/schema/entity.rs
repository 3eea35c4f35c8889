//! Types of an entity: the object, its connection, its filter and its order.

use async_graphql::registry::{MetaField, MetaInputValue, Registry};

use super::{
    super::{
        decl::{Answer, Entity, Field, Kind, Model, Scalar},
        schema::build::{field, input, object},
        trail::CHANGE,
    },
    build::{implement, input_object, interface, with_args},
    figures::aggregate_types,
};

pub(super) fn entity_types(r: &mut Registry, model: &Model, entity: &Entity) {
    let name = entity.name;
    let mut fields = vec![];
    for f in &entity.fields {
        let needs = match &f.kind {
            Kind::One { to, .. } | Kind::Many { to, .. } => model.entity(to).class,
            _ => entity.class_of(f),
        };
        if let Kind::Answer(answer) = &f.kind {
            fields.push(answered(answer, &needs.read().to_string()));
            continue;
        }
        let bang = if f.required { "!" } else { "" };
        let mut meta = field(f.name, format!("{}{bang}", output_type(f)), needs.read().to_string(), f.doc);
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
    aggregate_types(r, model, entity);
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

/// A field that a function answers.
pub(super) fn answered(answer: &Answer, needs: &str) -> MetaField {
    let args = answer.args.iter().map(|a| input(a.name, a.ty, a.doc)).collect();
    with_args(field(answer.name, answer.ty, needs, answer.doc), args)
}

/// The arguments of a connection.
pub(super) fn connection_args(to: &str) -> Vec<MetaInputValue> {
    vec![
        input(
            "first",
            "Int",
            "How many rows from the start or after `after`; 50 if neither `first` nor `last` is given.",
        ),
        input("after", "Cursor", "Only rows after this cursor. Null or an empty string means the start."),
        input("last", "Int", "How many rows from the end or before `before`. Not together with `first`."),
        input("before", "Cursor", "Only rows before this cursor. Not together with `after`."),
        input("filter", format!("{to}Filter"), "Only rows that meet this."),
        input(
            "orderBy",
            format!("[{to}Order!]"),
            "The order, at most four steps; the id decides last. By id, which is by age, if not said.",
        ),
    ]
}

/// The output type of a field, without `!`.
pub fn output_type(f: &Field) -> String {
    match &f.kind {
        Kind::Id => "ID".into(),
        Kind::Scalar { ty, .. } => ty.name().into(),
        Kind::Enum { ty, .. } => ty.name.into(),
        Kind::Enums { ty, .. } => format!("[{}!]", ty.name),
        Kind::Texts { .. } => "[String!]".into(),
        Kind::Trail { .. } => format!("[{CHANGE}!]"),
        Kind::Money { .. } => "Money".into(),
        Kind::One { to, .. } => (*to).into(),
        Kind::Many { to, .. } => format!("{to}Connection"),
        Kind::Union { name, .. } => (*name).into(),
        Kind::ViewerAccess => "ViewerAccess".into(),
        Kind::Answer(answer) => answer.ty.trim_end_matches('!').into(),
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
    fields.extend(entity.conditions.iter().map(|c| input(c.name, c.ty, c.doc.to_owned())));
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
            input(
                "every",
                format!("{name}Filter"),
                "No row fails this. A row without a value neither meets nor fails a comparison.",
            ),
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
        Kind::Enums { .. }
        | Kind::Texts { .. }
        | Kind::Union { .. }
        | Kind::ViewerAccess
        | Kind::Trail { .. }
        | Kind::Answer(_) => {
            return None;
        }
    })
}

/// The condition that a link leads somewhere: `hasPortfolio`.
pub fn has(name: &str) -> String {
    format!("has{}{}", name[..1].to_uppercase(), &name[1..])
}

/// The filter input of a scalar.
pub fn filter_name(scalar: Scalar) -> String {
    match scalar {
        Scalar::Id => "IdFilter".to_owned(),
        _ => format!("{}Filter", scalar.name()),
    }
}
