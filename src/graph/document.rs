//! Documents: read once, limited before anything walks them, validated once, kept with their plans.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    },
};
use async_graphql_value::ConstValue;
use lru::LruCache;

use super::{collect::Variables, deprecation::Uses, input, kept::Tally, plan::Plan};
use crate::{
    auth::Rights,
    config::Limits,
    error::{Code, Error},
    metrics::Kind,
};

/// Plans kept for one document: rights times shapes.
const PLANS: usize = 16;

/// A document that was read, limited and validated.
pub struct Document {
    /// The parsed text.
    pub parsed: ExecutableDocument,
    /// Hex of a hash of the text, for logs.
    pub hash: String,
    /// Facts of its operations by name; the empty name for an unnamed one.
    pub operations: HashMap<String, Operation>,
    /// What each operation uses that is to go; found when the document is kept.
    pub deprecated: OnceLock<HashMap<String, Uses>>,
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

    /// The kept plan for these rights and variables, or a new one.
    pub fn plan(
        &self,
        operation: &str,
        rights: &Rights,
        variables: &Variables,
        tally: &Tally,
        make: impl FnOnce() -> Result<Plan, Error>,
    ) -> Result<Arc<Plan>, Error> {
        let shaping = self.operations.get(operation).map_or(&[][..], |o| &o.shaping);
        let shape = shaping
            .iter()
            .map(|name| variables.get(name).map_or_else(|| "-".into(), ConstValue::to_string))
            .collect::<Vec<_>>()
            .join("\n");
        let key = PlanKey { operation: operation.to_owned(), rights: rights.clone(), shape };
        if let Some(plan) = self.plans().get(&key) {
            tally.hit();
            return Ok(plan.clone());
        }
        tally.missed();
        let plan = Arc::new(make()?);
        let mut plans = self.plans();
        // Another request may have made the same plan meanwhile; then nothing has to go.
        let is_new = !plans.contains(&key);
        if plans.push(key, plan.clone()).is_some() && is_new {
            tally.evicted(1);
        }
        Ok(plan)
    }

    /// How many plans are kept.
    pub fn plan_count(&self) -> usize {
        self.plans().len()
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, LruCache<PlanKey, Arc<Plan>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a document within the limits. It is not validated yet.
pub fn read(text: &str, limits: &Limits) -> Result<Document, Error> {
    if text.len() > limits.document_bytes {
        return Err(Error::new(
            Code::QueryTooLarge,
            format!("The document is longer than {} bytes.", limits.document_bytes),
        ));
    }
    tokens(text, limits.tokens)?;
    let parsed = parse_query(text).map_err(|e| {
        let mut error = Error::new(Code::GraphqlParseFailed, "The document is not GraphQL.");
        error.locations = e.positions().map(|p| (p.line, p.column)).collect();
        error.source = Some(Box::new(e));
        error
    })?;
    check(&parsed, limits)?;
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
        plans: Mutex::new(LruCache::new(NonZeroUsize::new(PLANS).unwrap_or(NonZeroUsize::MIN))),
    })
}

/// Counts tokens before the parser recurses into them. Strings and comments are one token each.
fn tokens(text: &str, max: usize) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let (mut at, mut count, mut depth) = (0_usize, 0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                while at < bytes.len() && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
                continue;
            }
            b'"' if text[at..].starts_with("\"\"\"") => {
                at += 3;
                while at < bytes.len() && !bytes[at..].starts_with(b"\"\"\"") {
                    at += if bytes[at..].starts_with(b"\\\"\"\"") { 4 } else { 1 };
                }
                at += 3;
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            c if c.is_ascii_alphanumeric() || c == b'_' || c == b'-' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'-' | b'.'))
                {
                    at += 1;
                }
            }
            b'{' | b'[' | b'(' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
        count += 1;
        if count > max {
            return Err(Error::new(Code::QueryTooLarge, format!("The document has more than {max} tokens.")));
        }
        // The parser recurses with the nesting, whatever is nested.
        if depth > MAX_BRACKETS {
            return Err(Error::new(
                Code::QueryTooDeep,
                format!("The document nests brackets more than {MAX_BRACKETS} deep."),
            ));
        }
    }
    Ok(())
}

const MAX_BRACKETS: usize = 64;

/// Size of a selection after its fragments are opened.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    fields: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
    }
}

/// Measures each fragment once, however often it is spread: doubling fragments cost nothing.
fn check(parsed: &ExecutableDocument, limits: &Limits) -> Result<(), Error> {
    let mut known: HashMap<&Name, Option<Size>> = HashMap::new();
    for (_, op) in parsed.operations.iter() {
        let roots = op.node.selection_set.node.items.len();
        if roots > limits.root_fields {
            return Err(Error::new(Code::QueryTooLarge, format!("More than {} root fields.", limits.root_fields)));
        }
        let mut size = measure(parsed, &op.node.selection_set.node, &mut known)?;
        size.directives += op.node.directives.len();
        let limit = |is: usize, max: usize, code: Code, what: &str| {
            if is > max { Err(Error::new(code, format!("The operation has {what} {max}."))) } else { Ok(()) }
        };
        // Introspection nests deeper than data does; it has a limit of its own kind: lists inside lists.
        let introspects = op
            .node
            .selection_set
            .node
            .items
            .iter()
            .any(|i| matches!(&i.node, Selection::Field(f) if f.node.name.node.starts_with("__")));
        let max_depth = if introspects { limits.depth.max(INTROSPECTION_DEPTH) } else { limits.depth };
        limit(size.depth, max_depth, Code::QueryTooDeep, "fields nested deeper than")?;
        limit(size.aliases, limits.aliases, Code::QueryTooManyAliases, "more aliases than")?;
        limit(size.directives, limits.directives, Code::QueryTooLarge, "more directives than")?;
        limit(
            size.fields,
            limits.selected_fields,
            Code::QueryTooLarge,
            "more fields, with its fragments opened, than",
        )?;
    }
    Ok(())
}

/// The standard introspection query needs 13, newer ones two more.
const INTROSPECTION_DEPTH: usize = 16;

fn measure<'d>(
    parsed: &'d ExecutableDocument,
    set: &'d SelectionSet,
    known: &mut HashMap<&'d Name, Option<Size>>,
) -> Result<Size, Error> {
    let mut size = Size::default();
    for item in &set.items {
        size.directives += item.node.directives().len();
        match &item.node {
            Selection::Field(field) => {
                let mut inner = measure(parsed, &field.node.selection_set.node, known)?;
                inner.fields = inner.fields.saturating_add(1);
                inner.depth += 1;
                inner.aliases += usize::from(field.node.alias.is_some());
                size.add(inner);
            }
            Selection::InlineFragment(inline) => size.add(measure(parsed, &inline.node.selection_set.node, known)?),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match known.get(name) {
                    Some(Some(measured)) => size.add(*measured),
                    Some(None) => return Err(Error::new(Code::GraphqlValidationFailed, "A fragment contains itself.")),
                    None => {
                        // An unknown fragment is validation's to name.
                        if let Some((name, fragment)) = parsed.fragments.get_key_value(name) {
                            known.insert(name, None);
                            let measured = measure(parsed, &fragment.node.selection_set.node, known)?;
                            known.insert(name, Some(measured));
                            size.add(measured);
                        }
                    }
                }
            }
        }
    }
    Ok(size)
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
