//! Which variables stand at leaves: a text that depends on no other variable is made once and kept.

use async_graphql_value::Value;

use super::super::{
    decl::{Entity, Kind, Model},
    plan::{Lookup, Page},
};

/// The variables at leaves of the arguments, if the statement's text depends on no other variable. None means that
/// the text must be made for each request.
pub fn fixed_leaves(page: &Page, model: &Model, entity: &Entity) -> Option<Vec<String>> {
    if page.order.as_ref().is_some_and(has_variable) {
        return None;
    }
    let mut leaves = vec![];
    match &page.filter {
        None => {}
        Some(filter) => filter_leaves(model, entity, filter, &mut leaves)?,
    }
    Some(leaves)
}

/// The same for a lookup.
pub fn lookup_leaves(lookup: &Lookup) -> Option<Vec<String>> {
    let mut leaves = vec![];
    match lookup {
        Lookup::Keys => {}
        Lookup::Ref(Value::Object(members)) => {
            for (member, value) in members {
                match value {
                    // An object in a variable shapes the text.
                    Value::Variable(_) if member == "external" => return None,
                    Value::Variable(name) => leaves.push(name.to_string()),
                    Value::Object(parts) => {
                        for value in parts.values() {
                            if let Value::Variable(name) = value {
                                leaves.push(name.to_string());
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Lookup::Ref(_) => return None,
    }
    Some(leaves)
}

fn has_variable(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(items) => items.iter().any(has_variable),
        Value::Object(map) => map.values().any(has_variable),
        _ => false,
    }
}

fn filter_leaves(model: &Model, entity: &Entity, filter: &Value, leaves: &mut Vec<String>) -> Option<()> {
    let Value::Object(members) = filter else { return (*filter == Value::Null).then_some(()) };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("and" | "or", Value::List(items)) => {
                items.iter().try_for_each(|i| filter_leaves(model, entity, i, leaves))?;
            }
            ("and" | "or" | "not", one) => filter_leaves(model, entity, one, leaves)?,
            (name, value) => match entity.field(name).map(|f| &f.kind) {
                Some(Kind::One { to, .. }) => filter_leaves(model, model.entity(to), value, leaves)?,
                Some(Kind::Many { to, .. }) => {
                    let Value::Object(parts) = value else { return None };
                    for (part, value) in parts {
                        if part == "isEmpty" {
                            matches!(value, Value::Boolean(_)).then_some(())?;
                        } else {
                            filter_leaves(model, model.entity(to), value, leaves)?;
                        }
                    }
                }
                Some(_) => comparator_leaves(value, leaves)?,
                None => matches!(value, Value::Boolean(_)).then_some(())?,
            },
        }
    }
    Some(())
}

fn comparator_leaves(comparator: &Value, leaves: &mut Vec<String>) -> Option<()> {
    let Value::Object(members) = comparator else { return None };
    for (op, value) in members {
        match value {
            Value::Variable(name) if !matches!(op.as_str(), "isNull" | "mode" | "currency") => {
                leaves.push(name.to_string());
            }
            value if has_variable(value) => return None,
            _ => {}
        }
    }
    Some(())
}
