//! Documents: read once, limited before anything walks them, validated once, kept with their plans.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use async_graphql::{
    Positioned,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};
use async_graphql_value::ConstValue;
use lru::LruCache;

use super::{
    collect::Variables,
    deprecation::Uses,
    input,
    kept::Tally,
    language,
    measure::{Size, measure},
    plan::Plan,
};
use crate::{
    auth::Rights,
    config::Limits,
    error::{Code, Error},
    metrics::Kind,
};

/// Plans kept for one document: rights times shapes.
const PLANS: usize = 16;
/// What a document needs for each byte of its text, and what a plan needs for each field that it answers, about: what is
/// kept is bounded by it. `benches/instructions` measures both (`-- --time`).
const BYTES: (usize, usize) = (64, 1_000);

/// A document that was read, limited and validated.
pub struct Document {
    /// The parsed text.
    pub parsed: ExecutableDocument,
    /// Hex of a hash of the text, for logs.
    pub hash: String,
    /// Facts of its operations by name; the empty name for an unnamed one.
    pub operations: HashMap<String, Operation>,
    /// What each operation uses that is to go; found when it first runs.
    pub deprecated: OnceLock<HashMap<String, Uses>>,
    /// How large it is.
    pub size: Size,
    text_bytes: usize,
    plans: Mutex<LruCache<PlanKey, Arc<Plan>>>,
}

/// What is known of an operation before it runs.
pub struct Operation {
    /// Its declared variables.
    pub declared: input::Declared,
    /// Variables whose values shape the plan.
    pub shaping: Vec<String>,
}

/// Two callers share a plan only with equal rights, and only where the shaping variables are equal.
#[derive(PartialEq, Eq, Hash)]
struct PlanKey {
    operation: String,
    rights: Rights,
    shape: String,
}

impl Document {
    /// The operation that a request names.
    pub fn operation(&self, name: Option<&str>) -> Result<(&str, &Positioned<OperationDefinition>), Error> {
        let missing = |m: &str| Error::new(Code::OperationUnresolved, m);
        match (&self.parsed.operations, name) {
            // `Single` is an operation without a name; a named one is `Multiple`, also when it is alone.
            (DocumentOperations::Single(op), None) => Ok(("", op)),
            (DocumentOperations::Single(_), Some(_)) => Err(missing("The document has no operation of that name.")),
            (DocumentOperations::Multiple(ops), Some(name)) => {
                let (name, op) =
                    ops.get_key_value(name).ok_or_else(|| missing("The document has no operation of that name."))?;
                Ok((name.as_str(), op))
            }
            (DocumentOperations::Multiple(ops), None) => match ops.iter().next() {
                Some((name, op)) if ops.len() == 1 => Ok((name.as_str(), op)),
                _ => Err(missing("The document has several operations; name one with `operationName`.")),
            },
        }
    }

    /// The kept plan for these rights and variables, or a new one, and whether it is new.
    pub fn plan(
        &self,
        operation: &str,
        rights: &Rights,
        variables: &Variables,
        tally: &Tally,
        make: impl FnOnce() -> Result<Plan, Error>,
    ) -> Result<(Arc<Plan>, bool), Error> {
        let shaping = self.operations.get(operation).map_or(&[][..], |o| &o.shaping);
        let shape = shaping
            .iter()
            .map(|name| variables.get(name).map_or_else(|| "-".into(), ConstValue::to_string))
            .collect::<Vec<_>>()
            .join("\n");
        let key = PlanKey { operation: operation.to_owned(), rights: rights.clone(), shape };
        if let Some(plan) = self.plans().get(&key) {
            tally.hit();
            return Ok((plan.clone(), false));
        }
        tally.missed();
        let plan = Arc::new(make()?);
        let mut plans = self.plans();
        // Another request may have made the same plan meanwhile; then nothing has to go.
        let is_new = !plans.contains(&key);
        if plans.push(key, plan.clone()).is_some() && is_new {
            tally.evicted(1);
        }
        Ok((plan, true))
    }

    /// How many plans are kept.
    pub fn plan_count(&self) -> usize {
        self.plans().len()
    }

    /// How much memory it takes with its plans, about: never less for more of them.
    pub fn bytes(&self) -> usize {
        self.text_bytes * BYTES.0 + self.plan_count() * self.size.fields * BYTES.1
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, LruCache<PlanKey, Arc<Plan>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a document within the limits that are everybody's. It is not validated yet, nor held against those of its caller.
pub fn read(text: &str, limits: &Limits) -> Result<Document, Error> {
    if text.len() > limits.document_bytes {
        return Err(Error::new(
            Code::QueryTooLarge,
            format!("The document is longer than {} bytes.", limits.document_bytes),
        ));
    }
    let parsed = parse_query(language::readable(text, limits.tokens)?).map_err(unparsed)?;
    let size = measure(&parsed, limits)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let operations = parsed
        .operations
        .iter()
        .map(|(name, op)| {
            let name = name.map_or_else(String::new, |n| n.as_str().to_owned());
            let facts =
                Operation { declared: input::declared(&op.node.variable_definitions), shaping: shaping(&parsed, op) };
            (name, facts)
        })
        .collect();
    Ok(Document {
        parsed,
        hash: format!("{:016x}", hasher.finish()),
        operations,
        deprecated: OnceLock::new(),
        size,
        text_bytes: text.len(),
        plans: Mutex::new(LruCache::new(NonZeroUsize::new(PLANS).unwrap_or(NonZeroUsize::MIN))),
    })
}

/// The refusal of what the parser does not take. Some of it is well written and breaks a rule between definitions.
fn unparsed(e: async_graphql::parser::Error) -> Error {
    use async_graphql::parser::Error as Parsing;
    let (code, line) = match &e {
        Parsing::MultipleOperations { .. } => {
            (Code::GraphqlValidationFailed, "An operation without a name is the only one of its document.")
        }
        Parsing::OperationDuplicated { .. } => (Code::GraphqlValidationFailed, "Two operations have one name."),
        Parsing::FragmentDuplicated { .. } => (Code::GraphqlValidationFailed, "Two fragments have one name."),
        Parsing::MissingOperation => (Code::OperationUnresolved, "The document has no operation."),
        Parsing::RecursionLimitExceeded => (Code::QueryTooDeep, "The document is nested too deep."),
        _ => (Code::GraphqlParseFailed, "The document is not GraphQL."),
    };
    let mut error = Error::new(code, line);
    error.locations = e.positions().map(|p| (p.line, p.column)).collect();
    error.source = Some(Box::new(e));
    error
}

/// Variables of `@skip`, `@include` and of what groups are made by: their values are part of the plan.
fn shaping(parsed: &ExecutableDocument, op: &Positioned<OperationDefinition>) -> Vec<String> {
    let mut out = vec![];
    let sets = std::iter::once(&op.node.selection_set.node)
        .chain(parsed.fragments.values().map(|f| &f.node.selection_set.node));
    for set in sets {
        shaping_in(set, &mut out);
    }
    out.sort();
    out.dedup();
    out
}

fn shaping_in(set: &SelectionSet, out: &mut Vec<String>) {
    for item in &set.items {
        for directive in item.node.directives() {
            for (_, value) in &directive.node.arguments {
                names(&value.node, out);
            }
        }
        match &item.node {
            Selection::Field(field) => {
                if field.node.name.node == "groups" {
                    for (name, value) in &field.node.arguments {
                        if name.node != "first" {
                            names(&value.node, out);
                        }
                    }
                }
                shaping_in(&field.node.selection_set.node, out);
            }
            Selection::InlineFragment(inline) => shaping_in(&inline.node.selection_set.node, out),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn names(value: &async_graphql_value::Value, out: &mut Vec<String>) {
    use async_graphql_value::Value;
    match value {
        Value::Variable(name) => out.push(name.to_string()),
        Value::List(items) => items.iter().for_each(|v| names(v, out)),
        Value::Object(map) => map.values().for_each(|v| names(v, out)),
        _ => {}
    }
}

/// What kind of operation it is, for those who count them.
pub fn kind(op: &OperationDefinition) -> Kind {
    match op.ty {
        OperationType::Query => Kind::Query,
        OperationType::Mutation => Kind::Mutation,
        OperationType::Subscription => Kind::Subscription,
    }
}

/// Whether it reads and no more.
pub fn is_query(op: &OperationDefinition) -> bool {
    op.ty == OperationType::Query
}

/// Whether it is followed and not answered once.
pub fn is_subscription(op: &OperationDefinition) -> bool {
    op.ty == OperationType::Subscription
}
