//! The published schema: `schema.graphql` is current, every member says what it is and is named by the rules, and the
//! reference implementation takes it as a valid schema.

use std::collections::BTreeSet;

use async_graphql::Positioned;
use async_graphql::parser::{
    parse_schema,
    types::{ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition},
};
use foliograph::{app::model, graph::sdl};
use serde_json::{Value, json};

use crate::support::{golden, reference::reference};

/// The specification's own directives; their texts are the library's.
const SPECIFIED: [&str; 5] = ["include", "skip", "deprecated", "specifiedBy", "oneOf"];

/// A member of the schema.
struct Member {
    coordinate: String,
    name: String,
    description: Option<String>,
    /// Its type; empty for types, enumeration values and directives.
    ty: String,
    place: Place,
    directives: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Type,
    Scalar,
    OneOf,
    Field,
    Argument,
    InputField,
    EnumValue,
    Directive,
}

tests! {
    async fn the_published_schema_is_current() {
        golden::check("schema.graphql", &sdl(model()));
    }

    async fn the_server_serves_the_published_schema(world: &World) {
        assert_eq!(golden::difference(&sdl(model()), world.reader().await.get("/schema.graphql").await.text()), None);
    }

    async fn every_member_is_described_by_a_sentence() {
        let members = members();
        assert!(members.len() > 1_000, "{} members", members.len());
        let mute = members.iter().filter(|m| {
            let text = m.description.as_deref().unwrap_or_default();
            let begins_well = text.chars().next().is_some_and(|c| c.is_uppercase() || c == '`');
            let ends_well = text.ends_with(['.', '`']) && !text.ends_with("..");
            !begins_well || !ends_well || text.contains('\n') || text.contains("  ")
        });
        none(mute.map(|m| format!("{}: {:?}", m.coordinate, m.description)));
    }

    async fn types_are_pascal_case_fields_camel_case_and_enum_values_screaming() {
        none(members().into_iter().filter(|m| !fits_case(m)).map(|m| m.coordinate));
    }

    async fn dates_end_in_on_and_instants_in_at() {
        let ending = |m: &Member| match m.ty.trim_end_matches('!') {
            "LocalDate" | "LocalDateFilter" => Some("On"),
            "DateTime" | "DateTimeFilter" => Some("At"),
            _ => None,
        };
        let members = members();
        let dates: Vec<&Member> = members.iter().filter(|m| !is_comparator(m) && ending(m).is_some()).collect();
        assert!(dates.len() > 50, "{} dates", dates.len());
        // An event happens `at` an instant, a list is asked for `on` a day: they have no other. A span goes `from` and `to`; a
        // figure is about the end of a period, as of an instant, as the published conventions name them.
        let named = |name: &str| matches!(name, "at" | "on" | "from" | "to" | "periodEnd" | "asOf");
        let fits = |m: &Member| named(&m.name) || m.name.ends_with(ending(m).unwrap_or_default());
        none(dates.into_iter().filter(|m| !fits(m)).map(|m| m.coordinate.clone()));
    }

    async fn truth_values_are_questions() {
        let members = members();
        let truths: Vec<&Member> = members.iter().filter(|m| !is_comparator(m) && m.ty.trim_end_matches('!') == "Boolean").collect();
        assert!(truths.len() > 10, "{} truth values", truths.len());
        let asks = |name: &str| ["is", "has", "can"].iter().any(|word| name.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_uppercase)));
        // The conventions name these themselves: `replayed` of a payload, `retryable` of an error, `dryRun` of a list's input,
        // `includeDescendants` of a filter of figures.
        let named = |m: &Member| {
            matches!((m.name.as_str(), m.place), ("replayed" | "retryable", Place::Field) | ("dryRun" | "includeDescendants", Place::InputField))
        };
        assert!(truths.iter().any(|m| m.name == "replayed") && truths.iter().any(|m| m.name == "dryRun"));
        none(truths.into_iter().filter(|m| !named(m) && !asks(&m.name)).map(|m| m.coordinate.clone()));
    }

    async fn every_field_says_what_it_needs() {
        let members = members();
        let fields: Vec<&Member> = members.iter().filter(|m| m.place == Place::Field).collect();
        assert!(fields.len() > 300, "{} fields", fields.len());
        none(fields.into_iter().filter(|m| m.directives.iter().filter(|d| d.starts_with("access(needs: ")).count() != 1).map(|m| m.coordinate.clone()));
    }

    async fn own_scalars_say_where_they_are_specified() {
        let members = members();
        let scalars: Vec<&Member> = members.iter().filter(|m| m.place == Place::Scalar).collect();
        assert!(scalars.len() >= 8, "{} scalars", scalars.len());
        none(scalars.into_iter().filter(|m| !m.directives.iter().any(|d| d.starts_with("specifiedBy(url: \"https://"))).map(|m| m.coordinate.clone()));
    }

    async fn references_orders_and_group_keys_take_exactly_one_member() {
        let members = members();
        let one_of: BTreeSet<&str> = members.iter().filter(|m| m.place == Place::OneOf).map(|m| m.name.as_str()).collect();
        let due = |name: &str| {
            ["Order", "GroupBy", "GroupOrder"].iter().any(|end| name.ends_with(end)) || (name.ends_with("Ref") && name != "ExternalRef")
        };
        let inputs: BTreeSet<&str> = members.iter().filter(|m| matches!(m.place, Place::Type | Place::OneOf) && due(&m.name)).map(|m| m.name.as_str()).collect();
        assert!(inputs.contains("ProjectRef") && inputs.contains("ProjectOrder") && inputs.contains("ProjectGroupBy"), "{inputs:?}");
        assert_eq!(one_of, inputs);
    }

    async fn connections_have_the_shape_that_relay_asks() {
        let members = members();
        let fields = |of: &str| -> Vec<(String, String)> {
            let of = format!("{of}.");
            members.iter().filter(|m| m.place == Place::Field && m.coordinate.starts_with(&of)).map(|m| (m.name.clone(), m.ty.clone())).collect()
        };
        let connections: Vec<&str> = members.iter().filter(|m| m.place == Place::Type).filter_map(|m| m.name.strip_suffix("Connection")).collect();
        assert!(connections.len() >= 8, "{connections:?}");
        for of in connections {
            let names: Vec<String> = fields(&format!("{of}Connection")).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["edges", "nodes", "pageInfo", "totalCount", "aggregate", "groups"], "{of}");
            assert_eq!(fields(&format!("{of}Edge")), [("cursor".into(), "Cursor!".into()), ("node".into(), format!("{of}!"))]);
        }
        let page: Vec<String> = fields("PageInfo").into_iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        assert_eq!(page, ["hasNextPage: Boolean!", "hasPreviousPage: Boolean!", "startCursor: Cursor", "endCursor: Cursor"]);
    }

    async fn graphql_js_takes_the_schema_as_valid() {
        // Building the schema there asserts that it is valid; the helper fails with the reason where it is not.
        assert!(reference(&sdl(model()), &json!({}), &[]).is_empty());
    }

    async fn introspection_describes_directives_and_arguments(world: &World) {
        let reply = world.reader().await.query(
            "{ __schema { directives { name description args { name description } }
               types { name kind isOneOf specifiedByURL fields(includeDeprecated: true) { name args { name description } } } } }",
        ).await;
        let data = reply.data();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for directive in list(&data["__schema"]["directives"]) {
            if directive["name"] == "access" {
                assert_eq!(directive["args"], json!([{ "name": "needs", "description": "The permission." }]));
            }
        }
        let types = list(&data["__schema"]["types"]);
        let of = |name: &str| types.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no type {name}"));
        assert_eq!(of("ProjectRef")["isOneOf"], true);
        assert_eq!(of("ProjectFilter")["isOneOf"], false);
        assert!(of("LocalDate")["specifiedByURL"].as_str().is_some_and(|url| url.starts_with("https://")));
        for ty in types.iter().filter(|t| !t["name"].as_str().is_some_and(|n| n.starts_with("__"))) {
            for field in list(&ty["fields"]) {
                for argument in list(&field["args"]) {
                    assert!(argument["description"].is_string(), "{}.{}({})", ty["name"], field["name"], argument["name"]);
                }
            }
        }
    }
}

fn none(faults: impl Iterator<Item = String>) {
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Members of comparators, whose names are operators.
fn is_comparator(member: &Member) -> bool {
    let operators = ["eq", "neq", "in", "nin", "gt", "gte", "lt", "lte"];
    member.place == Place::InputField && operators.contains(&member.name.as_str())
        || SPECIFIED.iter().any(|name| member.coordinate.starts_with(&format!("@{name}(")))
}

fn fits_case(member: &Member) -> bool {
    let begins = |upper: bool| {
        member.name.starts_with(|c: char| if upper { c.is_ascii_uppercase() } else { c.is_ascii_lowercase() })
    };
    let has_only = |fits: fn(char) -> bool| member.name.chars().all(fits);
    match member.place {
        Place::Type | Place::Scalar | Place::OneOf => begins(true) && has_only(|c| c.is_ascii_alphanumeric()),
        Place::Field | Place::Argument | Place::InputField | Place::Directive => {
            begins(false) && has_only(|c| c.is_ascii_alphanumeric())
        }
        Place::EnumValue => begins(true) && has_only(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'),
    }
}

/// Every member of the SDL but the specification's own, and the place of subscriptions, which has no members yet.
fn members() -> Vec<Member> {
    let document = parse_schema(sdl(model())).expect("an SDL that parses");
    let mut out = vec![];
    for definition in document.definitions {
        match definition {
            TypeSystemDefinition::Schema(_) => {}
            TypeSystemDefinition::Type(ty) => type_members(&ty.node, &mut out),
            TypeSystemDefinition::Directive(directive) => {
                let name = directive.node.name.node.to_string();
                if !SPECIFIED.contains(&name.as_str()) {
                    let description = directive.node.description.map(|d| d.node);
                    let coordinate = format!("@{name}");
                    let place = Place::Directive;
                    out.push(Member { coordinate, name, description, ty: String::new(), place, directives: vec![] });
                }
            }
        }
    }
    out
}

fn type_members(ty: &TypeDefinition, out: &mut Vec<Member>) {
    let name = ty.name.node.to_string();
    let directives = texts(&ty.directives);
    let place = match &ty.kind {
        TypeKind::Scalar => Place::Scalar,
        TypeKind::InputObject(_) if directives.iter().any(|d| d == "oneOf") => Place::OneOf,
        _ => Place::Type,
    };
    let description = ty.description.as_ref().map(|d| d.node.clone());
    out.push(Member {
        coordinate: name.clone(),
        name: name.clone(),
        description,
        ty: String::new(),
        place,
        directives,
    });
    match &ty.kind {
        TypeKind::Object(_) if name == "Subscription" => {}
        TypeKind::Object(object) => object.fields.iter().for_each(|f| field(&name, &f.node, out)),
        TypeKind::Interface(interface) => interface.fields.iter().for_each(|f| field(&name, &f.node, out)),
        TypeKind::InputObject(input) => {
            for f in &input.fields {
                out.push(value(&format!("{name}.{}", f.node.name.node), &f.node, Place::InputField));
            }
        }
        TypeKind::Enum(choice) => {
            for v in &choice.values {
                let value = v.node.value.node.to_string();
                let description = v.node.description.as_ref().map(|d| d.node.clone());
                let coordinate = format!("{name}.{value}");
                let (ty, place, directives) = (String::new(), Place::EnumValue, texts(&v.node.directives));
                out.push(Member { coordinate, name: value, description, ty, place, directives });
            }
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
}

fn field(of: &str, f: &FieldDefinition, out: &mut Vec<Member>) {
    let coordinate = format!("{of}.{}", f.name.node);
    for argument in &f.arguments {
        let name = &argument.node.name.node;
        out.push(value(&format!("{coordinate}({name}:)"), &argument.node, Place::Argument));
    }
    out.push(Member {
        coordinate,
        name: f.name.node.to_string(),
        description: f.description.as_ref().map(|d| d.node.clone()),
        ty: f.ty.node.to_string(),
        place: Place::Field,
        directives: texts(&f.directives),
    });
}

fn value(coordinate: &str, v: &InputValueDefinition, place: Place) -> Member {
    Member {
        coordinate: coordinate.to_owned(),
        name: v.name.node.to_string(),
        description: v.description.as_ref().map(|d| d.node.clone()),
        ty: v.ty.node.to_string(),
        place,
        directives: texts(&v.directives),
    }
}

/// Directives as they are written, without the sign.
fn texts(directives: &[Positioned<ConstDirective>]) -> Vec<String> {
    let text = |d: &Positioned<ConstDirective>| {
        let name = &d.node.name.node;
        let arguments: Vec<String> = d.node.arguments.iter().map(|(n, v)| format!("{}: {}", n.node, v.node)).collect();
        if arguments.is_empty() { name.to_string() } else { format!("{name}({})", arguments.join(", ")) }
    };
    directives.iter().map(text).collect()
}
