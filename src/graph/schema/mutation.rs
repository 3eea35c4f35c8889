//! Types of mutations: inputs and payloads, made from the declarations of entities and of mutations.

use std::borrow::Cow;

use async_graphql::registry::{MetaField, MetaInputValue, Registry};

use super::{
    super::decl::{Entity, Kind, Model},
    build::{enumeration, field, input, input_object, object, union_of, with_args},
};
use crate::write::{Member, Mutation, PlainType, Shape, UserCode, Verb};

const ANY: &str = "AUTHENTICATED";
/// What a member needs depends on the value.
pub(super) const PER_VALUE: &str = "PER_VALUE";
const KEY: &str = "A UUID of the client's making. The same key with the same input answers again and does nothing; kept for 24 hours.";

/// The field of the mutation type.
pub(super) fn root_field(mutation: &Mutation) -> MetaField {
    let needs = mutation.needs.map_or_else(|| ANY.to_owned(), |p| p.to_string());
    let name = pascal(&mutation.name);
    with_args(
        field(&mutation.name, format!("{name}Payload"), needs, mutation.doc.clone()),
        vec![input("input", format!("{name}Input!"), "What is to be done.")],
    )
}

fn pascal(name: &str) -> String {
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

/// All types of mutations.
pub(super) fn insert_types(r: &mut Registry, model: &Model) {
    shared(r);
    for entity in &model.entities {
        let has = |verb: Verb| model.mutations.iter().any(|m| m.entity == entity.name && m.verb == verb);
        if has(Verb::Update) || has(Verb::BulkUpsert) {
            let fields = members_of(model, entity, false);
            let doc = format!("Changes to a {}: what is absent stays, null clears.", entity.name);
            input_object(r, format!("{}Patch", entity.name), doc, fields, false);
        }
        for list in &entity.lists {
            let element = format!("{}Input", list.item);
            let members = list.members.iter().map(|m| input(m.name, m.ty, m.doc)).collect();
            input_object(r, element.clone(), format!("An element of `{}`.", list.name), members, false);
            let of = |name, doc| input(name, format!("[{element}!]"), doc);
            let members = vec![
                of("add", "These are in the list afterwards."),
                of("remove", "These are not."),
                of("set", "The list is exactly this, before `add` and `remove`."),
            ];
            input_object(r, format!("{}Changes", list.item), format!("Changes to `{}`.", list.name), members, false);
        }
        if has(Verb::BulkCreate) {
            let fields = members_of(model, entity, false);
            input_object(
                r,
                format!("{}CreateItem", entity.name),
                format!("A {} to be created.", entity.name),
                fields,
                false,
            );
        }
        if has(Verb::BulkUpdate) {
            item_type(r, entity, "BulkUpdateItem", "Required; `*` overwrites whatever is there.");
        }
        if has(Verb::BulkUpsert) {
            item_type(r, entity, "BulkUpsertItem", "If given, the row must have this version.");
        }
        if model.mutations.iter().any(|m| m.entity == entity.name && m.verb.is_bulk()) {
            bulk_result(r, entity);
        }
    }
    for plain in &model.types {
        plain_type(r, plain);
    }
    for mutation in &model.mutations {
        let entity = model.entity(mutation.entity);
        for of in &mutation.inputs {
            let members = of.members.iter().map(|m| input(m.name, m.ty, m.doc)).collect();
            input_object(r, of.name, of.doc, members, false);
        }
        input_type(r, model, mutation, entity);
        payload_type(r, mutation, entity);
    }
}

fn taken(member: &Member) -> MetaInputValue {
    input(member.name, member.ty, member.doc)
}

fn plain_type(r: &mut Registry, plain: &PlainType) {
    match &plain.shape {
        Shape::Choice(values) => {
            let values = values.iter().map(|(value, doc)| ((*value).to_owned(), Cow::Borrowed(*doc)));
            enumeration(r, plain.name, plain.doc, values);
        }
        Shape::Object(members) | Shape::Guarded(members, _) => {
            let needs = |m: &Member| if plain.is_guarded(m.name) { PER_VALUE } else { ANY };
            object(r, plain.name, plain.doc, members.iter().map(|m| field(m.name, m.ty, needs(m), m.doc)).collect());
        }
        Shape::Input(members) => input_object(r, plain.name, plain.doc, members.iter().map(taken).collect(), false),
        Shape::OneOf(members) => input_object(r, plain.name, plain.doc, members.iter().map(taken).collect(), true),
        Shape::Union(members) => union_of(r, plain.name, plain.doc, members.iter().map(|m| (*m).to_owned())),
    }
}

fn shared(r: &mut Registry) {
    let values = UserCode::ALL.iter().map(|(_, name, doc)| ((*name).to_owned(), Cow::Borrowed(*doc)));
    enumeration(r, "UserErrorCode", "What is wrong with an input.", values);
    object(
        r,
        "UserError",
        "Something that the user can mend. Nothing was written for it.",
        vec![
            field("code", "UserErrorCode!", ANY, "What is wrong."),
            field("message", "String!", ANY, "One line for a human."),
            field("path", "[String!]!", ANY, "Where in the input, down to the leaf; positions of a list count from 0."),
            field("params", "[UserErrorParam!]!", ANY, "Facts for a program."),
            field("retryable", "Boolean!", ANY, "Whether the same request may succeed a little later."),
        ],
    );
    object(
        r,
        "UserErrorParam",
        "A fact about an error.",
        vec![
            field("name", "String!", ANY, "What it is: `rule`, `max`, `needs`, `currentVersion`, `conflictingFields`."),
            field("value", "String!", ANY, "Its value."),
        ],
    );
    enumeration(
        r,
        "ErrorPolicy",
        "What becomes of the good items of a list with bad ones.",
        [
            ("REJECT_ALL".to_owned(), "One bad item, and nothing is written.".into()),
            ("REJECT_FAILED".to_owned(), "The good ones are written, the bad ones are told.".into()),
        ],
    );
    enumeration(
        r,
        "BulkStatus",
        "What became of an item.",
        [
            ("CREATED".to_owned(), "A row was made.".into()),
            ("UPDATED".to_owned(), "A row was changed.".into()),
            ("UNCHANGED".to_owned(), "The row was so already; nothing was written.".into()),
            ("FAILED".to_owned(), "It has errors; nothing was written for it.".into()),
            ("NOT_WRITTEN".to_owned(), "It was good, but another item was not, and the policy is REJECT_ALL.".into()),
        ],
    );
    input_object(
        r,
        "MoneyInput",
        "An amount of one currency.",
        vec![
            input("amount", "Decimal!", "The amount in major units, at most four decimals."),
            input("currency", "CurrencyCode!", "The currency."),
        ],
        false,
    );
}

/// What may be written of an entity. `required`: what a creation must give is not nullable.
fn members_of(model: &Model, entity: &Entity, required: bool) -> Vec<MetaInputValue> {
    let mut out = vec![];
    for f in &entity.fields {
        let Some(pen) = &f.pen else { continue };
        let must = pen.is_due(f);
        let bang = if must && required { "!" } else { "" };
        let mut doc = f.doc.to_owned();
        if must && !required {
            doc.push_str(" Required when the row is created.");
        }
        if pen.once {
            doc.push_str(" Cannot be changed once the row is there.");
        }
        doc.push_str(" Needs ");
        doc.push_str(&pen.needs(entity, f));
        doc.push('.');
        match &f.kind {
            Kind::Scalar { ty, .. } => out.push(input(f.name, format!("{}{bang}", ty.name()), doc)),
            Kind::Enum { ty, .. } => out.push(input(f.name, format!("{}{bang}", ty.name), doc)),
            Kind::Enums { ty, .. } => out.push(input(f.name, format!("[{}!]{bang}", ty.name), doc)),
            Kind::Texts { .. } => out.push(input(f.name, format!("[String!]{bang}"), doc)),
            Kind::Money { .. } => out.push(input(f.name, format!("MoneyInput{bang}"), doc)),
            Kind::One { to, .. } => {
                let keyed = model.concrete(model.entity(to)).iter().any(|e| e.keyed);
                out.push(input(format!("{}Id", f.name), "ID", doc));
                if keyed {
                    let doc = format!("The human key of `{}`, instead of its id.", f.name);
                    out.push(input(format!("{}Key", f.name), "String", doc));
                }
            }
            Kind::Union { .. } => out.push(input(format!("{}Id", f.name), format!("ID{bang}"), doc)),
            Kind::Id | Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => {}
        }
    }
    out.extend(entity.lists.iter().map(|list| {
        let doc = format!("Changes to the list: {} Needs {}.", list.doc, list.class.write());
        input(list.name, format!("{}Changes", list.item), doc)
    }));
    out
}

fn item_type(r: &mut Registry, entity: &Entity, ending: &str, version: &str) {
    let name = entity.name;
    let fields = vec![
        input("ref", format!("{name}Ref!"), "Which row."),
        input("ifVersion", "Version", version),
        input("patch", format!("{name}Patch!"), "What changes."),
    ];
    input_object(r, format!("{name}{ending}"), format!("One {name} of a list."), fields, false);
}

fn bulk_result(r: &mut Registry, entity: &Entity) {
    let needs = entity.class.read().to_string();
    object(
        r,
        format!("{}BulkResult", entity.name),
        "What became of one item of a list.",
        vec![
            field("index", "Int!", ANY, "Its position in the list, from 0."),
            field("status", "BulkStatus!", ANY, "What became of it."),
            field(
                entity.single,
                entity.name,
                &needs,
                "The row as it is now; null where there is none that the caller can see.",
            ),
            field("userErrors", "[UserError!]!", ANY, "What is wrong with it."),
        ],
    );
}

fn input_type(r: &mut Registry, model: &Model, mutation: &Mutation, entity: &Entity) {
    let name = entity.name;
    let mut fields = vec![];
    match mutation.verb {
        Verb::Create => fields.extend(members_of(model, entity, true)),
        Verb::Update | Verb::Archive | Verb::Unarchive | Verb::Delete | Verb::Act => {
            fields.push(input("id", "ID", "Which row; give this or `ref`."));
            fields.push(input("ref", format!("{name}Ref"), "Which row, by key or another system's id."));
            fields.push(input(
                "ifVersion",
                "Version!",
                "The version that was read: another one is VERSION_CONFLICT. `*` overwrites whatever is there.",
            ));
            if mutation.verb == Verb::Update {
                fields.push(input("patch", format!("{name}Patch!"), "What changes."));
            }
        }
        Verb::BulkCreate => fields.push(input("items", format!("[{name}CreateItem!]!"), "At most 1,000.")),
        Verb::BulkUpdate => fields.push(input("items", format!("[{name}BulkUpdateItem!]!"), "At most 1,000.")),
        Verb::BulkUpsert => fields.push(input("items", format!("[{name}BulkUpsertItem!]!"), "At most 1,000.")),
        Verb::BulkAct => {
            let item = format!("{}Item", pascal(&mutation.name));
            let mut members = vec![
                input("ref", format!("{name}Ref!"), "Which row."),
                input("ifVersion", "Version!", "The version that was read; `*` takes whatever is there."),
            ];
            members.extend(mutation.input.iter().map(|m| input(m.name, m.ty, m.doc)));
            input_object(r, item.clone(), format!("One {name} of `{}`.", mutation.name), members, false);
            fields.push(input("items", format!("[{item}!]!"), "At most 1,000."));
        }
        Verb::Other => {}
    }
    if mutation.verb.is_bulk() {
        fields.push(input(
            "errorPolicy",
            "ErrorPolicy",
            "What one bad item does to the others; REJECT_ALL if not said.",
        ));
        fields.push(input("dryRun", "Boolean", "Check everything, write nothing."));
    }
    if mutation.verb != Verb::BulkAct {
        fields.extend(mutation.input.iter().map(|m| input(m.name, m.ty, m.doc)));
    }
    fields.push(input(
        "clientMutationKey",
        "ID",
        if mutation.verb.is_bulk() {
            format!("{KEY} Required, here or as header Idempotency-Key.")
        } else {
            KEY.to_owned()
        },
    ));
    let doc = format!("Input of `{}`.", mutation.name);
    input_object(r, format!("{}Input", pascal(&mutation.name)), doc, fields, false);
}

fn payload_type(r: &mut Registry, mutation: &Mutation, entity: &Entity) {
    let needs = entity.class.read().to_string();
    let mut fields = vec![];
    if mutation.verb.is_bulk() {
        fields.push(field(
            "results",
            format!("[{}BulkResult!]!", entity.name),
            ANY,
            "What became of each item, in order.",
        ));
        for (name, what) in [
            ("createdCount", "created"),
            ("updatedCount", "changed"),
            ("unchangedCount", "left as they were"),
            ("failedCount", "refused"),
        ] {
            fields.push(field(name, "Int!", ANY, format!("How many items were {what}.")));
        }
        fields.push(field("isDryRun", "Boolean!", ANY, "Whether nothing was to be written."));
    } else if !matches!(mutation.verb, Verb::Delete | Verb::Other) {
        fields.push(field(
            entity.single,
            entity.name,
            &needs,
            "The row as it is now; null where there are errors, or where the caller cannot see it.",
        ));
    }
    fields.extend(mutation.payload.iter().map(|m| field(m.name, m.ty, ANY, m.doc)));
    fields.extend([
        field("userErrors", "[UserError!]!", ANY, "What the user can mend; empty when all is well."),
        field(
            "replayed",
            "Boolean!",
            ANY,
            "Whether an earlier request with the same key did it, and this one nothing.",
        ),
        field("query", "Query!", ANY, "Whatever else is to be read after the change."),
    ]);
    let doc = format!("What `{}` did.", mutation.name);
    object(r, format!("{}Payload", pascal(&mutation.name)), doc, fields);
}
