//! Inputs fit their types: literals, variables in their positions, and the values that a request gives to variables.
//! async-graphql checks neither variable positions nor values on its fast path, so all of it is checked here.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Positioned,
    parser::types::{
        BaseType, Directive, ExecutableDocument, Field, OperationType, Selection, SelectionSet, Type,
        VariableDefinition,
    },
    registry::{MetaType, MetaTypeName},
};
use async_graphql_value::{ConstValue, Name, Value, indexmap::IndexMap};

use super::{collect::Variables, execute::settled, schema::Types};
use crate::error::{Code, Error};

/// The variables that an operation declares.
pub type Declared = HashMap<String, Variable>;

/// A declared variable.
#[derive(Debug)]
pub struct Variable {
    /// Its type.
    pub ty: Type,
    /// Whether it has a default that is not null.
    pub has_default: bool,
}

/// The declared variables by name.
pub fn declared(definitions: &[Positioned<VariableDefinition>]) -> Declared {
    definitions
        .iter()
        .map(|d| {
            let has_default = d.node.default_value.as_ref().is_some_and(|v| v.node != ConstValue::Null);
            (d.node.name.node.to_string(), Variable { ty: d.node.var_type.node.clone(), has_default })
        })
        .collect()
}

/// The values of an operation's variables, coerced as the specification says.
pub fn variables(
    types: &Types,
    definitions: &[Positioned<VariableDefinition>],
    mut given: serde_json::Map<String, serde_json::Value>,
) -> Result<Variables, Error> {
    let mut out = HashMap::with_capacity(definitions.len());
    for d in definitions {
        let name = d.node.name.node.as_str();
        let at = |e: Error| e.at(d.pos.line, d.pos.column);
        match given.remove(name) {
            None => match &d.node.default_value {
                Some(default) => {
                    out.insert(name.to_owned(), default.node.clone());
                }
                None if d.node.var_type.node.nullable => {}
                None => {
                    return Err(at(bad(format!("Variable ${name} of type {} has no value.", d.node.var_type.node))));
                }
            },
            Some(value) => {
                let value = ConstValue::from_json(value).map_err(Error::internal)?;
                let ty = d.node.var_type.node.to_string();
                let value = coerce(types, &ty, value, &mut Place::new(name)).map_err(at)?;
                out.insert(name.to_owned(), value);
            }
        }
    }
    Ok(out)
}

/// A value that stands in a document, coerced to the type of its position; messages call it by `name`.
pub fn coerced(types: &Types, ty: &str, name: &str, value: ConstValue) -> Result<ConstValue, Error> {
    coerce(types, ty, value, &mut Place(name.to_owned()))
}

/// Arguments with the request's variables in their places, each coerced to its type; those without a value are not there.
pub fn arguments<'a>(
    types: &Types,
    declared: impl Iterator<Item = (&'a str, &'a str)>,
    written: &Value,
    variables: &Variables,
) -> Result<IndexMap<Name, ConstValue>, Error> {
    let mut given = IndexMap::new();
    let Value::Object(written) = written else { return Ok(given) };
    for (name, ty) in declared {
        let value = written.get(name).map(|value| settled(value, variables)).unwrap_or_default();
        let value = coerced(types, ty, name, value)?;
        if value != ConstValue::Null {
            given.insert(Name::new(name), value);
        }
    }
    Ok(given)
}

/// A value that is no variable, coerced to an input type; messages call it by `name`.
pub fn value(types: &Types, ty: &str, name: &str, given: serde_json::Value) -> Result<ConstValue, Error> {
    let given = ConstValue::from_json(given).map_err(Error::internal)?;
    coerce(types, ty, given, &mut Place(name.to_owned()))
}

/// Where in an input a value stands, for messages: `$filter.state.in[2]`.
struct Place(String);

impl Place {
    fn new(name: &str) -> Self {
        Self(format!("${name}"))
    }

    fn within<T>(&mut self, step: &[&str], f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.extend(step.iter().copied());
        let out = f(self);
        self.0.truncate(length);
        out
    }
}

fn bad(message: String) -> Error {
    Error::new(Code::BadVariables, message)
}

fn coerce(types: &Types, ty: &str, value: ConstValue, place: &mut Place) -> Result<ConstValue, Error> {
    match MetaTypeName::create(ty) {
        MetaTypeName::NonNull(inner) => match value {
            ConstValue::Null => Err(bad(format!("{} must not be null; {ty} is due.", place.0))),
            value => coerce(types, inner, value, place),
        },
        MetaTypeName::List(inner) => match value {
            ConstValue::Null => Ok(ConstValue::Null),
            ConstValue::List(mut items) => {
                for (i, item) in items.iter_mut().enumerate() {
                    let mut number = itoa::Buffer::new();
                    let step = ["[", number.format(i), "]"];
                    *item = place.within(&step, |p| coerce(types, inner, std::mem::take(item), p))?;
                }
                Ok(ConstValue::List(items))
            }
            one => coerce(types, inner, one, place).map(|v| ConstValue::List(vec![v])),
        },
        MetaTypeName::Named(name) => named(types, name, value, place),
    }
}

fn named(types: &Types, name: &str, value: ConstValue, place: &mut Place) -> Result<ConstValue, Error> {
    if value == ConstValue::Null {
        return Ok(value);
    }
    let wrong = |place: &Place| bad(format!("{} is no {name}.", place.0));
    match types.get(name) {
        Some(MetaType::Scalar { is_valid, .. }) => {
            if is_valid.as_ref().is_none_or(|check| check(&value)) {
                // An id may be written as a number; it is text from here on.
                return Ok(match value {
                    ConstValue::Number(n) if name == "ID" => ConstValue::String(n.to_string()),
                    value => value,
                });
            }
            Err(wrong(place))
        }
        Some(MetaType::Enum { enum_values, .. }) => match value {
            ConstValue::String(s) if enum_values.contains_key(&s) => Ok(ConstValue::Enum(async_graphql::Name::new(s))),
            ConstValue::Enum(s) if enum_values.contains_key(s.as_str()) => Ok(ConstValue::Enum(s)),
            _ => Err(wrong(place)),
        },
        Some(MetaType::InputObject { input_fields, oneof, .. }) => {
            let ConstValue::Object(mut map) = value else { return Err(wrong(place)) };
            if let Some(unknown) = map.keys().find(|k| !input_fields.contains_key(k.as_str())) {
                return Err(bad(format!("{} has no field {unknown}; its type is {name}.", place.0)));
            }
            if *oneof && (map.len() != 1 || map.values().any(|v| *v == ConstValue::Null)) {
                return Err(bad(format!(
                    "{} must have exactly one field, which is not null; its type is {name}.",
                    place.0
                )));
            }
            for (key, value) in &mut map {
                let ty = input_fields[key.as_str()].ty.as_str();
                *value = place.within(&[".", key], |p| coerce(types, ty, std::mem::take(value), p))?;
            }
            for field in input_fields.values() {
                if MetaTypeName::create(&field.ty).is_non_null()
                    && field.default_value.is_none()
                    && !map.contains_key(field.name.as_str())
                {
                    return Err(bad(format!("{}.{} is missing; {} is due.", place.0, field.name, field.ty)));
                }
            }
            Ok(ConstValue::Object(map))
        }
        _ => Err(bad(format!("{} is of type {name}, which is no input type.", place.0))),
    }
}

/// Checks every argument of a document as it stands there, also of fields that a request leaves out.
pub fn check_document(types: &Types, parsed: &ExecutableDocument) -> Result<(), Error> {
    for (_, op) in parsed.operations.iter() {
        let declared = declared(&op.node.variable_definitions);
        let root = match op.node.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut walk = Walk { types, parsed, declared: &declared, seen: HashSet::new() };
        walk.directives(&op.node.directives)?;
        walk.set(&op.node.selection_set.node, root)?;
        if op.node.ty == OperationType::Subscription {
            unconditional(parsed, &op.node.selection_set.node)?;
        }
    }
    Ok(())
}

/// A subscription's one field is asked for whatever the variables say: no `@skip` and no `@include` at its root. The
/// document is valid otherwise, so no fragment contains itself.
fn unconditional(parsed: &ExecutableDocument, set: &SelectionSet) -> Result<(), Error> {
    for item in &set.items {
        if let Some(directive) = item.node.directives().first() {
            let line = "Neither `@skip` nor `@include` may stand at the root of a subscription.";
            let error = Error::new(Code::GraphqlValidationFailed, line);
            return Err(error.at(directive.pos.line, directive.pos.column));
        }
        match &item.node {
            Selection::Field(_) => {}
            Selection::InlineFragment(inline) => unconditional(parsed, &inline.node.selection_set.node)?,
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = parsed.fragments.get(&spread.node.fragment_name.node) {
                    unconditional(parsed, &fragment.node.selection_set.node)?;
                }
            }
        }
    }
    Ok(())
}

/// One operation's way through its document: each fragment once.
struct Walk<'d> {
    types: &'d Types,
    parsed: &'d ExecutableDocument,
    declared: &'d Declared,
    seen: HashSet<&'d str>,
}

impl<'d> Walk<'d> {
    fn set(&mut self, set: &'d SelectionSet, type_name: &str) -> Result<(), Error> {
        for item in &set.items {
            self.directives(item.node.directives())?;
            match &item.node {
                Selection::Field(field) => {
                    check_arguments(self.types, self.declared, type_name, &field.node)
                        .map_err(|e| e.at(field.pos.line, field.pos.column))?;
                    let meta = self.types.get(type_name);
                    let meta = meta.and_then(|t| t.field_by_name(field.node.name.node.as_str()));
                    if let Some(meta) = meta {
                        self.set(&field.node.selection_set.node, MetaTypeName::concrete_typename(&meta.ty))?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(type_name, |c| c.node.on.node.as_str());
                    self.set(&inline.node.selection_set.node, on)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let (true, Some(fragment)) = (self.seen.insert(name), self.parsed.fragments.get(name)) {
                        self.directives(&fragment.node.directives)?;
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.set(&fragment.node.selection_set.node, on)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// `@skip` and `@include`, the only directives of documents, each with `if: Boolean!`.
    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), Error> {
        for d in directives {
            for (name, value) in &d.node.arguments {
                literal(self.types, self.declared, "Boolean!", &value.node, false).map_err(|message| {
                    Error::new(Code::GraphqlValidationFailed, format!("Argument `{}`: {message}", name.node))
                        .at(d.pos.line, d.pos.column)
                })?;
            }
        }
        Ok(())
    }
}

/// Checks the arguments of a field as they stand in the document.
pub fn check_arguments(types: &Types, declared: &Declared, type_name: &str, field: &Field) -> Result<(), Error> {
    if field.arguments.is_empty() {
        return Ok(());
    }
    let Some(meta) = types.get(type_name).and_then(|t| t.field_by_name(field.name.node.as_str())) else {
        return Ok(());
    };
    for (name, value) in &field.arguments {
        if let Some(arg) = meta.args.get(name.node.as_str()) {
            literal(types, declared, &arg.ty, &value.node, arg.default_value.is_some()).map_err(|message| {
                Error::new(Code::GraphqlValidationFailed, format!("Argument `{}`: {message}", name.node))
            })?;
        }
    }
    Ok(())
}

fn literal(types: &Types, declared: &Declared, ty: &str, value: &Value, has_default: bool) -> Result<(), String> {
    if let Value::Variable(name) = value {
        return match declared.get(name.as_str()) {
            Some(variable) if fits(variable, ty, has_default) => Ok(()),
            Some(variable) => Err(format!("${name} is of type {}; {ty} is due.", variable.ty)),
            None => Err(format!("${name} is not declared.")),
        };
    }
    match MetaTypeName::create(ty) {
        MetaTypeName::NonNull(inner) => match value {
            Value::Null => Err(format!("null where {ty} is due.")),
            value => literal(types, declared, inner, value, false),
        },
        MetaTypeName::List(inner) => match value {
            Value::Null => Ok(()),
            Value::List(items) => items.iter().try_for_each(|v| literal(types, declared, inner, v, false)),
            one => literal(types, declared, inner, one, false),
        },
        MetaTypeName::Named(name) => literal_named(types, declared, name, value),
    }
}

fn literal_named(types: &Types, declared: &Declared, name: &str, value: &Value) -> Result<(), String> {
    if *value == Value::Null {
        return Ok(());
    }
    match types.get(name) {
        Some(MetaType::Scalar { is_valid, .. }) => {
            let constant = value.clone().into_const().ok_or_else(|| format!("{name} is due."))?;
            if is_valid.as_ref().is_none_or(|check| check(&constant)) {
                Ok(())
            } else {
                Err(format!("this is no {name}."))
            }
        }
        Some(MetaType::Enum { enum_values, .. }) => match value {
            Value::Enum(v) if enum_values.contains_key(v.as_str()) => Ok(()),
            _ => Err(format!("this is no {name}.")),
        },
        Some(MetaType::InputObject { input_fields, oneof, .. }) => {
            let Value::Object(map) = value else { return Err(format!("{name} is due.")) };
            for (key, value) in map {
                let field = input_fields.get(key.as_str()).ok_or_else(|| format!("{name} has no field {key}."))?;
                literal(types, declared, &field.ty, value, field.default_value.is_some())?;
            }
            for field in input_fields.values() {
                if MetaTypeName::create(&field.ty).is_non_null()
                    && field.default_value.is_none()
                    && !map.contains_key(field.name.as_str())
                {
                    return Err(format!("{name}.{} is missing.", field.name));
                }
            }
            if *oneof {
                let nullable = map.values().any(|v| match v {
                    Value::Null => true,
                    Value::Variable(v) => declared.get(v.as_str()).is_none_or(|d| d.ty.nullable && !d.has_default),
                    _ => false,
                });
                if map.len() != 1 || nullable {
                    return Err(format!("{name} takes exactly one field, which must not be null."));
                }
            }
            Ok(())
        }
        _ => Err(format!("{name} is no input type.")),
    }
}

/// "Variables are allowed in their position" of the specification.
fn fits(variable: &Variable, position: &str, position_has_default: bool) -> bool {
    match MetaTypeName::create(position) {
        MetaTypeName::NonNull(inner) if variable.ty.nullable => {
            (variable.has_default || position_has_default) && base_fits(&variable.ty.base, inner)
        }
        MetaTypeName::NonNull(inner) => base_fits(&variable.ty.base, inner),
        MetaTypeName::List(_) | MetaTypeName::Named(_) => base_fits(&variable.ty.base, position),
    }
}

fn base_fits(base: &BaseType, position: &str) -> bool {
    match (base, MetaTypeName::create(position)) {
        (BaseType::Named(name), MetaTypeName::Named(due)) => name.as_str() == due,
        (BaseType::List(item), MetaTypeName::List(due)) => match MetaTypeName::create(due) {
            MetaTypeName::NonNull(inner) => !item.nullable && base_fits(&item.base, inner),
            MetaTypeName::List(_) | MetaTypeName::Named(_) => base_fits(&item.base, due),
        },
        _ => false,
    }
}

/// A list, or one thing where a list is due.
pub fn listed(value: &ConstValue) -> Vec<&ConstValue> {
    match value {
        ConstValue::List(items) => items.iter().collect(),
        ConstValue::Null => vec![],
        one => vec![one],
    }
}

/// The members of an input object.
pub fn entries(value: &ConstValue) -> impl Iterator<Item = (&str, &ConstValue)> {
    let map = match value {
        ConstValue::Object(map) => Some(map),
        _ => None,
    };
    map.into_iter().flatten().map(|(k, v)| (k.as_str(), v))
}

/// A text, or the name of an enumeration value.
pub fn text(value: &ConstValue) -> Option<String> {
    match value {
        ConstValue::String(text) => Some(text.clone()),
        ConstValue::Enum(name) => Some(name.to_string()),
        _ => None,
    }
}

/// The name of an enumeration value.
pub fn name_of(value: &ConstValue) -> String {
    text(value).unwrap_or_default()
}
