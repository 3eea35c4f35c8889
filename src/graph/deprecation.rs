//! Members of the schema that are to go: one list, by coordinate, marked in the schema at start. What a document uses of
//! them is found once, when it is kept; only values of its variables are looked at with each request.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    registry::{Deprecation as Mark, MetaField, MetaInputValue, MetaType, MetaTypeName},
};
use async_graphql_value::{ConstValue, Value};
use chrono::{Months, NaiveDate};
use serde_json::{Value as Json, json};

use super::{collect::Variables, document::Document, schema::Types};

/// How long what is deprecated stays at least.
const MONTHS: Months = Months::new(12);

/// A member of the schema that is to go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deprecation {
    /// Which: `Type.field`, `Type.field(argument:)`, `Enum.VALUE` or `Input.member`.
    pub coordinate: &'static str,
    /// Since when.
    pub since: NaiveDate,
    /// The last day on which it is there.
    pub until: NaiveDate,
    /// What to do, and until when, as the schema says it.
    pub reason: String,
}

impl Deprecation {
    /// One with the sentence that says what takes its place. A day that is none, or less than 12 months, is a mistake in
    /// the program: it does not start.
    pub fn new(coordinate: &'static str, instead: &str, since: &str, until: &str) -> Self {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap_or_else(|e| panic!("{coordinate}: {text}: {e}"));
        let (since, until) = (day(since), day(until));
        assert!(since + MONTHS <= until, "{coordinate} is deprecated for less than 12 months");
        assert!(instead.ends_with('.'), "{coordinate} needs a full sentence that says what takes its place");
        Self { coordinate, since, until, reason: format!("{instead} Removed after {until}.") }
    }

    /// As `extensions.deprecations` tells it.
    pub fn told(&self) -> Json {
        json!({ "coordinate": self.coordinate, "reason": self.reason })
    }
}

/// What is deprecated, found by coordinate.
#[derive(Default)]
pub struct Deprecations {
    by_coordinate: HashMap<&'static str, &'static Deprecation>,
    /// Types of input in which something deprecated may stand.
    inputs: HashSet<String>,
}

/// What an operation uses.
#[derive(Debug, Default)]
pub struct Uses {
    found: BTreeSet<&'static Deprecation>,
    /// Variables in whose values more may stand, with their types.
    watched: Vec<(String, String)>,
}

impl Deprecations {
    /// Marks are in the types already; this finds them.
    pub fn new(list: &'static [Deprecation], types: &Types) -> Self {
        let by_coordinate: HashMap<_, _> = list.iter().map(|d| (d.coordinate, d)).collect();
        let mut inputs: HashSet<String> = HashSet::new();
        for (name, ty) in types.iter().filter(|_| !list.is_empty()) {
            let members = match ty {
                MetaType::Enum { enum_values, .. } => enum_values.keys().collect::<Vec<_>>(),
                MetaType::InputObject { input_fields, .. } => input_fields.keys().collect(),
                _ => continue,
            };
            if members.iter().any(|member| by_coordinate.contains_key(format!("{name}.{member}").as_str())) {
                inputs.insert(name.clone());
            }
        }
        // An input that holds such an input is one as well.
        loop {
            let more: Vec<String> = types
                .iter()
                .filter(|(name, _)| !inputs.is_empty() && !inputs.contains(*name))
                .filter(|(_, ty)| match ty {
                    MetaType::InputObject { input_fields, .. } => {
                        input_fields.values().any(|f| inputs.contains(MetaTypeName::concrete_typename(&f.ty)))
                    }
                    _ => false,
                })
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                return Self { by_coordinate, inputs };
            }
            inputs.extend(more);
        }
    }

    /// What each operation of a validated document uses; nothing where nothing is deprecated.
    fn uses(&self, types: &Types, document: &ExecutableDocument) -> HashMap<String, Uses> {
        if self.by_coordinate.is_empty() {
            return HashMap::new();
        }
        let operations = document.operations.iter();
        operations
            .map(|(name, op)| {
                let mut walk = Walk { marks: self, types, document, uses: Uses::default(), seen: HashSet::new() };
                walk.operation(&op.node);
                (name.map_or_else(String::new, |n| n.as_str().to_owned()), walk.uses)
            })
            .collect()
    }

    /// What a request uses of a validated document; found in the document once.
    pub(super) fn used(
        &self,
        types: &Types,
        document: &Document,
        operation: &str,
        variables: &Variables,
    ) -> Vec<&'static Deprecation> {
        let all = document.deprecated.get_or_init(|| self.uses(types, &document.parsed));
        let Some(uses) = all.get(operation) else { return vec![] };
        let mut found = uses.found.clone();
        for (name, ty) in &uses.watched {
            if let Some(value) = variables.get(name) {
                self.given(types, ty, value, &mut found);
            }
        }
        found.into_iter().collect()
    }

    fn find(&self, coordinate: &str, found: &mut BTreeSet<&'static Deprecation>) {
        found.extend(self.by_coordinate.get(coordinate));
    }

    /// What stands in the value of a variable.
    fn given(&self, types: &Types, ty: &str, value: &ConstValue, found: &mut BTreeSet<&'static Deprecation>) {
        let ty = MetaTypeName::concrete_typename(ty);
        if !self.inputs.contains(ty) {
            return;
        }
        match (types.get(ty), value) {
            (_, ConstValue::List(items)) => items.iter().for_each(|item| self.given(types, ty, item, found)),
            (Some(MetaType::Enum { .. }), ConstValue::Enum(name)) => self.find(&format!("{ty}.{name}"), found),
            (Some(MetaType::Enum { .. }), ConstValue::String(name)) => self.find(&format!("{ty}.{name}"), found),
            (Some(MetaType::InputObject { input_fields, .. }), ConstValue::Object(members)) => {
                for (name, member) in members {
                    self.find(&format!("{ty}.{name}"), found);
                    if let Some(field) = input_fields.get(name.as_str()) {
                        self.given(types, &field.ty, member, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// One walk through an operation.
struct Walk<'a> {
    marks: &'a Deprecations,
    types: &'a Types,
    document: &'a ExecutableDocument,
    uses: Uses,
    seen: HashSet<&'a Name>,
}

impl<'a> Walk<'a> {
    fn operation(&mut self, op: &'a OperationDefinition) {
        for variable in &op.variable_definitions {
            let (name, ty) = (variable.node.name.node.to_string(), variable.node.var_type.node.to_string());
            if self.marks.inputs.contains(MetaTypeName::concrete_typename(&ty)) {
                self.uses.watched.push((name, ty));
            }
        }
        let root = match op.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        self.set(root, &op.selection_set.node);
    }

    fn set(&mut self, of: &str, set: &'a SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let Some(meta) = self.types.get(of).and_then(|ty| ty.field_by_name(&field.name.node)) else {
                        continue;
                    };
                    self.find(&format!("{of}.{}", meta.name));
                    for (name, value) in &field.arguments {
                        self.find(&format!("{of}.{}({}:)", meta.name, name.node));
                        if let Some(argument) = meta.args.get(name.node.as_str()) {
                            self.value(&argument.ty, &value.node);
                        }
                    }
                    self.set(MetaTypeName::concrete_typename(&meta.ty), &field.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    self.set(on.unwrap_or(of), &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let found = self.document.fragments.get_key_value(&spread.node.fragment_name.node);
                    if let Some((name, fragment)) = found
                        && self.seen.insert(name)
                    {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.set(on, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn value(&mut self, ty: &str, value: &Value) {
        let ty = MetaTypeName::concrete_typename(ty);
        if !self.marks.inputs.contains(ty) {
            return;
        }
        match (self.types.get(ty), value) {
            (_, Value::List(items)) => items.iter().for_each(|item| self.value(ty, item)),
            (_, Value::Enum(name)) => self.find(&format!("{ty}.{name}")),
            (Some(MetaType::InputObject { input_fields, .. }), Value::Object(members)) => {
                for (name, member) in members {
                    self.find(&format!("{ty}.{name}"));
                    if let Some(field) = input_fields.get(name.as_str()) {
                        self.value(&field.ty, member);
                    }
                }
            }
            _ => {}
        }
    }

    fn find(&mut self, coordinate: &str) {
        self.marks.find(coordinate, &mut self.uses.found);
    }
}

/// Marks what is deprecated of a type.
pub fn mark(list: &[Deprecation], name: &str, ty: &mut MetaType) {
    for deprecation in list {
        let Some(member) = deprecation.coordinate.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        let place = match (ty as &mut MetaType, member.split_once('(')) {
            (MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }, Some((field, argument))) => {
                let argument = argument.strip_suffix(":)").unwrap_or_default();
                fields.get_mut(field).and_then(|f| f.args.get_mut(argument)).map(of_input)
            }
            (MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }, None) => {
                fields.get_mut(member).map(|f: &mut MetaField| &mut f.deprecation)
            }
            (MetaType::Enum { enum_values, .. }, None) => enum_values.get_mut(member).map(|v| &mut v.deprecation),
            (MetaType::InputObject { input_fields, .. }, None) => input_fields.get_mut(member).map(of_input),
            _ => None,
        };
        if let Some(place) = place {
            *place = Mark::Deprecated { reason: Some(deprecation.reason.clone()) };
        }
    }
}

/// The place of a mark. What must be given cannot be given up: a client could not leave it out.
fn of_input(input: &mut MetaInputValue) -> &mut Mark {
    let is_required = input.ty.ends_with('!') && input.default_value.is_none();
    assert!(!is_required, "{} must be given, so it cannot be deprecated", input.name);
    &mut input.deprecation
}

/// Start-up fails where the list names what is not there, or what an interface still promises.
pub fn check(list: &[Deprecation], types: &Types) {
    let is_marked = |of: &str, member: &str| -> Option<bool> {
        match types.get(of)? {
            MetaType::Enum { enum_values, .. } => Some(enum_values.get(member)?.deprecation.is_deprecated()),
            MetaType::InputObject { input_fields, .. } => Some(input_fields.get(member)?.deprecation.is_deprecated()),
            ty => match member.split_once('(') {
                Some((field, argument)) => {
                    let argument = ty.field_by_name(field)?.args.get(argument.strip_suffix(":)")?)?;
                    Some(argument.deprecation.is_deprecated())
                }
                None => Some(ty.field_by_name(member)?.deprecation.is_deprecated()),
            },
        }
    };
    for Deprecation { coordinate, .. } in list {
        let (of, member) = coordinate.split_once('.').unwrap_or_default();
        assert_eq!(is_marked(of, member), Some(true), "{coordinate} is deprecated, but it is not in the schema");
        for (interface, ty) in types.iter() {
            let MetaType::Interface { possible_types, .. } = ty else { continue };
            let promises = possible_types.contains(of) && is_marked(interface, member) == Some(false);
            assert!(!promises, "{coordinate} is deprecated, but {interface} promises it");
        }
    }
}
