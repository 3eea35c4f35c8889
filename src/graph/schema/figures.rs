//! Types of an entity's figures: aggregates, coverage and groups.

use std::borrow::Cow;

use async_graphql::registry::{MetaField, Registry};

use super::entity::output_type;
use super::{
    super::{
        decl::{Entity, Field, Kind, Model, Scalar},
        schema::build::{field, input, object},
    },
    build::{enumeration, input_object},
    screaming,
};

pub(super) fn aggregate_types(r: &mut Registry, model: &Model, entity: &Entity) {
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
        let left_out = "rows without a value or without access are left out, see `coverage`";
        let of = |f: &Field| match f.kind {
            Kind::Money { .. } => {
                ("[Money!]", format!("{doc} `{}`, one entry a currency, ordered by code; {left_out}.", f.name))
            }
            _ => ("Decimal", format!("{doc} `{}`, in its unit; {left_out}. Null where no row has one.", f.name)),
        };
        let one = |f: &Field| {
            let (ty, doc) = of(f);
            field(f.name, ty, needs(f), doc)
        };
        measures(entity).filter(|f| f.additive).map(one).collect::<Vec<_>>()
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

    // A group is made by what the row at the end of a link lets be seen.
    let key_needs = |f: &Field| match &f.kind {
        Kind::One { to, .. } => model.entity(to).class.read().to_string(),
        _ => needs(f),
    };
    let groupable: Vec<&Field> = entity.fields.iter().filter(|f| f.group).collect();
    let key = groupable.iter().map(|f| field(f.name, output_type(f), key_needs(f), format!("The group's `{}`: for a time bucket its first day. Null when not grouped by it, or when its rows have no value that the caller can see.", f.name))).collect();
    object(r, format!("{name}GroupKey"), "What the rows of a group have in common.", key);
    let mut group = vec![field("key", format!("{name}GroupKey!"), &row_needs, "What the rows have in common.")];
    group.extend(fields);
    object(r, format!("{name}Group"), format!("Figures over one group of {name} rows."), group);
    let names = |f: &[&Field]| {
        f.iter()
            .map(|f| (screaming(f.name), Cow::Owned(format!("By `{}`. Needs {}.", f.name, key_needs(f)))))
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

/// Whether a field is a date or an instant.
pub fn is_time(f: &Field) -> bool {
    matches!(f.kind, Kind::Scalar { ty: Scalar::LocalDate | Scalar::DateTime, .. })
}
