//! Which fields an object answers, in which order: the specification's CollectFields, over parsed documents.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, Field, FragmentDefinition, Selection, SelectionSet},
};
use async_graphql_value::{ConstValue, Value};

use super::decl::Model;

/// Coerced values of the request's variables.
pub type Variables = HashMap<String, ConstValue>;

/// Fragments of the document.
pub type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// All fields that answer one response key, in document order.
pub type Collected<'d> = Vec<(&'d str, Vec<&'d Positioned<Field>>)>;

/// The fields that selection sets ask of an object of this type, merged by response key.
pub fn collect<'d>(
    model: &Model,
    fragments: &'d Fragments,
    variables: &Variables,
    sets: &[&'d SelectionSet],
    type_name: &str,
) -> Collected<'d> {
    let mut out = vec![];
    let mut positions = HashMap::new();
    let mut seen = vec![];
    for set in sets {
        walk(model, fragments, variables, set, type_name, &mut out, &mut positions, &mut seen);
    }
    out
}

#[allow(clippy::too_many_arguments)] // the recursion's state, spelled out once
fn walk<'d>(
    model: &Model,
    fragments: &'d Fragments,
    variables: &Variables,
    set: &'d SelectionSet,
    type_name: &str,
    out: &mut Collected<'d>,
    positions: &mut HashMap<&'d str, usize>,
    seen: &mut Vec<&'d str>,
) {
    for item in &set.items {
        if !included(item.node.directives(), variables) {
            continue;
        }
        match &item.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                let at = *positions.entry(key).or_insert_with(|| {
                    out.push((key, vec![]));
                    out.len() - 1
                });
                out[at].1.push(field);
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                if seen.contains(&name) {
                    continue;
                }
                seen.push(name);
                if let Some(fragment) = fragments.get(name)
                    && applies(model, fragment.node.type_condition.node.on.node.as_str(), type_name)
                {
                    walk(
                        model,
                        fragments,
                        variables,
                        &fragment.node.selection_set.node,
                        type_name,
                        out,
                        positions,
                        seen,
                    );
                }
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                if on.is_none_or(|on| applies(model, on, type_name)) {
                    walk(model, fragments, variables, &inline.node.selection_set.node, type_name, out, positions, seen);
                }
            }
        }
    }
}

/// Whether a fragment on `condition` applies to an object of the concrete type.
fn applies(model: &Model, condition: &str, type_name: &str) -> bool {
    if condition == type_name {
        return true;
    }
    let Some(entity) = model.find(type_name) else { return false };
    if condition == "Node" {
        return entity.prefix.is_some();
    }
    entity.implements.contains(&condition) || model.union_members(condition).contains(&type_name)
}

/// Evaluates `@skip` and `@include`.
pub fn included(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    directives.iter().all(|d| {
        let condition = || match d.node.get_argument("if").map(|v| &v.node) {
            Some(Value::Boolean(b)) => *b,
            Some(Value::Variable(name)) => matches!(variables.get(name.as_str()), Some(ConstValue::Boolean(true))),
            _ => false,
        };
        match d.node.name.node.as_str() {
            "skip" => !condition(),
            "include" => condition(),
            _ => true,
        }
    })
}
