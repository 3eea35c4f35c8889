//! Types that belong to no entity: scalars, the access directive, paging, money, comparators.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    indexmap::IndexMap,
    registry::{__DirectiveLocation as DirectiveLocation, MetaDirective, MetaType, Registry},
};
use async_graphql_value::ConstValue;

use super::mutation::PER_VALUE;
use super::{
    super::{
        decl::Scalar,
        schema::{
            build::{field, input, object},
            entity::filter_name,
        },
        value::is_valid,
    },
    build::{enumeration, input_object, interface},
};
use crate::auth::{Class, policy::Verb};

pub(super) fn scalars(r: &mut Registry) {
    let of = |s: Scalar| -> IsValid { Arc::new(move |v| is_valid(s, v)) };
    let decimal: IsValid = Arc::new(|v| matches!(v, ConstValue::String(_) | ConstValue::Number(_)));
    let text: IsValid = Arc::new(|v| matches!(v, ConstValue::String(_)));
    let facts: [(&str, &str, &str, IsValid); 10] = [
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
            "Percent",
            "A ratio as an exact decimal number: 1 is 100 %. It may be negative or above 1 where its field says nothing else. Answered as a string, taken as a string or a number.",
            "https://www.rfc-editor.org/rfc/rfc8259#section-6",
            of(Scalar::Percent),
        ),
        (
            "CurrencyCode",
            "A currency's code of ISO 4217, such as `EUR`.",
            "https://www.iso.org/iso-4217-currency-codes.html",
            of(Scalar::CurrencyCode),
        ),
        (
            "Version",
            "The version of a row, opaque; pass it back as `ifVersion`, where `*` means any.",
            "https://www.rfc-editor.org/rfc/rfc9110#section-8.8",
            Arc::new(|v| *v == ConstValue::String("*".into()) || is_valid(Scalar::Version, v)),
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
            "JSON",
            "A value of any form, as the trail of changes holds it: text, number, truth value, list or object.",
            "https://www.rfc-editor.org/rfc/rfc8259",
            Arc::new(|_| true),
        ),
    ];
    for (name, doc, url, check) in facts {
        scalar(r, name, doc, url, check);
    }
}

pub(super) fn directive(r: &mut Registry) {
    let mut values = vec![
        ("AUTHENTICATED".to_owned(), Cow::Borrowed("Any caller with a valid credential.")),
        (PER_VALUE.to_owned(), Cow::Borrowed("What the value itself needs, which differs from one to the next.")),
    ];
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
pub(super) fn shared(r: &mut Registry) {
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
            field(
                "canWrite",
                "Boolean!",
                any,
                "Whether the caller may change fields of the row's own class, by a mutation.",
            ),
            field(
                "reason",
                "String",
                any,
                "Why it cannot be written: `ROLE` (no role of the caller writes this class), `ROW` (not this row) or `ARCHIVED`; null when it can.",
            ),
        ],
    );
    object(
        r,
        "AuditChange",
        "One changed field of an object.",
        vec![
            field("field", "String!", any, "The field's name."),
            field("needs", "Permission!", any, "What reading its values needs on the object."),
            field(
                "before",
                "JSON",
                any,
                "The value before; null when there was none, or when the caller may not read it, or cannot see what it linked to.",
            ),
            field(
                "after",
                "JSON",
                any,
                "The value after; null when there is none, or when the caller may not read it, or cannot see what it links to.",
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
        (Scalar::Decimal, false),
        (Scalar::Percent, false),
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

pub(super) fn comparator(r: &mut Registry, name: &str, scalar: &str, ordered: bool, text: bool) {
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

/// What the built-in scalars take: async-graphql describes them, and lets more pass than the specification does.
pub(super) fn built_in(r: &mut Registry, name: &str) {
    let check: IsValid = match name {
        "Boolean" => Arc::new(|v| matches!(v, ConstValue::Boolean(_))),
        "Int" => Arc::new(|v| is_valid(Scalar::Int, v)),
        "String" => Arc::new(|v| matches!(v, ConstValue::String(_))),
        _ => Arc::new(|v| matches!(v, ConstValue::String(_)) || matches!(v, ConstValue::Number(n) if n.is_i64())),
    };
    match r.types.get_mut(name) {
        Some(MetaType::Scalar { is_valid, .. }) => *is_valid = Some(check),
        _ => panic!("{name} is no scalar of async-graphql's"),
    }
}
