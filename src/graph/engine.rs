//! Answers a request: document, rights, plan, rows, bytes. What is refused before execution has no `data`.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Value as GqlValue, parser::types::OperationDefinition};
use async_graphql_value::{ConstValue, Value};
use bytes::Bytes;
use entity::server_secret;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    collect::Variables,
    compile::Compiler,
    cursor::Signer,
    database::Database,
    decl::Model,
    document::{self, Document, Documents},
    input, json,
    plan::{Level, Plan, Root, RootKind},
    run::{MAX_NODES, Run, node_id},
    schema::{self, DryRun, Schema, Spliced, Types},
    sql::Dialect,
    system::{self, Facts},
};
use crate::{
    auth::{AccessMode, Caller},
    config::Limits,
    error::{Code, Error, PathSegment},
};

/// Name of the secret that signs cursors.
const CURSOR_SECRET: &str = "cursor";
/// Validation errors in one answer.
const ERRORS_SHOWN: usize = 5;

/// One GraphQL request, as read from HTTP.
#[derive(Debug, Default)]
pub struct Request {
    /// The document's text.
    pub document: String,
    /// Which operation of it.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: serde_json::Map<String, Json>,
    /// Refuse anything but a query (GET).
    pub only_queries: bool,
    /// What a denied field gives.
    pub access_mode: AccessMode,
    /// Repeated in every error's `extensions.requestId`.
    pub request_id: String,
}

/// How a request ended, for the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Executed; there is data, perhaps with errors beside it.
    Data,
    /// Refused before execution: the body has no `data`.
    Refused(Code),
    /// Executed, but no root field has data.
    Failed(Code),
}

/// The finished response.
#[derive(Debug)]
pub struct Answer {
    /// The whole JSON body.
    pub body: Bytes,
    /// How it ended.
    pub outcome: Outcome,
    /// Fields masked in this answer.
    pub masked: usize,
    /// SQL statements sent.
    pub statements: usize,
    /// Rows read.
    pub rows: usize,
    /// The operation's name, if it has one.
    pub operation: Option<String>,
    /// Hex of the document's hash, for logs.
    pub document_hash: String,
}

/// Answers GraphQL requests.
pub struct Engine {
    pub(super) database: Database,
    pub(super) model: &'static Model,
    schema: Schema,
    pub(super) types: Arc<Types>,
    documents: Documents,
    signer: Signer,
    limits: Limits,
}

/// How a body begins; what follows is written behind it, without a copy.
const BODY: &[u8] = b"{\"data\":";

/// What executing gave.
struct Executed {
    /// The body up to the end of `data`.
    body: Vec<u8>,
    errors: Vec<Error>,
    any: bool,
    access: Vec<Json>,
    masked: usize,
    statements: usize,
    rows: usize,
}

impl Engine {
    /// An engine over a migrated database.
    pub async fn new(database: Database, model: &'static Model, limits: Limits) -> Result<Self, Error> {
        let (schema, types) = schema::build(model);
        let signer = Signer::new(&shared_secret(&database, CURSOR_SECRET).await?);
        Ok(Self { database, model, schema, types, documents: Documents::default(), signer, limits })
    }

    /// The schema in SDL.
    pub fn sdl(&self) -> String {
        printed(&self.schema)
    }

    /// What every field of the schema needs, by schema coordinate.
    pub fn needs(&self) -> Vec<(String, String)> {
        system::needs(&self.types)
    }

    /// How many plans are kept for a document; none if it is not kept at all.
    pub fn plans_kept(&self, document: &str) -> Option<usize> {
        self.documents.get(document).map(|d| d.plan_count())
    }

    /// Answers one request.
    pub async fn execute(&self, request: Request, caller: &Caller) -> Answer {
        let mut operation = None;
        let mut hash = String::new();
        let request_id = request.request_id.clone();
        match self.prepare_and_run(request, caller, &mut operation, &mut hash).await {
            Ok(done) => answer(done, &request_id, operation, hash),
            Err(errors) => {
                let code = errors[0].code;
                errors.iter().for_each(log);
                let shown: Vec<Json> = errors.iter().take(ERRORS_SHOWN).map(|e| error_json(e, &request_id)).collect();
                let body = json!({ "errors": shown }).to_string().into();
                Answer {
                    body,
                    outcome: Outcome::Refused(code),
                    masked: 0,
                    statements: 0,
                    rows: 0,
                    operation,
                    document_hash: hash,
                }
            }
        }
    }

    async fn prepare_and_run(
        &self,
        request: Request,
        caller: &Caller,
        operation: &mut Option<String>,
        hash: &mut String,
    ) -> Result<Executed, Vec<Error>> {
        let one = |e: Error| vec![e];
        let known = self.documents.get(&request.document);
        let document = match &known {
            Some(document) => document.clone(),
            None => Arc::new(document::read(&request.document, &self.limits).map_err(one)?),
        };
        hash.clone_from(&document.hash);
        let (name, op) = document.operation(request.operation_name.as_deref()).map_err(one)?;
        *operation = (!name.is_empty()).then(|| name.to_owned());
        if request.only_queries && !document::is_query(&op.node) {
            return Err(one(Error::new(Code::MethodNotAllowed, "GET answers queries only; send this by POST.")));
        }
        if known.is_none() {
            self.validate(&request.document, &document).await?;
            input::check_document(&self.types, &document.parsed).map_err(one)?;
            self.documents.keep(request.document, document.clone());
        }
        let variables = input::variables(&self.types, &op.node.variable_definitions, request.variables).map_err(one)?;
        let plan = document
            .plan(name, &caller.rights, &variables, || {
                Compiler::new(self.model, &self.types, &document.parsed.fragments, &variables, &caller.rights)
                    .query(&op.node.selection_set.node)
            })
            .map_err(one)?;
        self.run(&plan, &document, &op.node, caller, &variables, request.access_mode).await.map_err(one)
    }

    /// Validates by a dry run: async-graphql's rules are private, so it executes with roots that answer null.
    async fn validate(&self, text: &str, document: &Document) -> Result<(), Vec<Error>> {
        let mut names: Vec<Option<&str>> =
            document.parsed.operations.iter().map(|(name, _)| name.map(async_graphql::Name::as_str)).collect();
        names.sort_unstable();
        let variables: HashMap<String, Json> = document
            .operations
            .values()
            .flat_map(|o| &o.declared)
            .filter_map(|(name, v)| match v.ty.to_string().trim_end_matches('!') {
                "Boolean" => Some((name.clone(), json!(true))),
                "String" => Some((name.clone(), json!(""))),
                _ => None,
            })
            .collect();
        let mut request = async_graphql::Request::new(text)
            .variables(async_graphql::Variables::from_json(json!(variables)))
            .data(DryRun);
        if let Some(Some(name)) = names.first() {
            request = request.operation_name(*name);
        }
        request.set_parsed_query(document.parsed.clone());
        let errors = self.schema.execute(request).await.errors;
        if errors.is_empty() {
            return Ok(());
        }
        Err(errors
            .into_iter()
            .map(|e| {
                let line = e.message.lines().next().unwrap_or("The document does not fit the schema.").to_owned();
                let mut error = Error::new(Code::GraphqlValidationFailed, line);
                error.locations = e.locations.iter().map(|p| (p.line, p.column)).collect();
                error
            })
            .collect())
    }

    async fn run(
        &self,
        plan: &Plan,
        document: &Document,
        op: &OperationDefinition,
        caller: &Caller,
        variables: &Variables,
        mode: AccessMode,
    ) -> Result<Executed, Error> {
        let mut run = Run::new(&self.database, self.model, &self.signer, &self.limits, plan, caller, variables);
        let mut values: Vec<Option<Vec<u8>>> = Vec::with_capacity(plan.roots.len());
        let mut errors = vec![];
        for root in &plan.roots {
            match self.root(&mut run, root, variables).await {
                Ok(value) => values.push(value),
                Err(e) if is_before_execution(e.code) => return Err(at_root(e, root)),
                Err(e) => {
                    errors.push(at_root(e, root));
                    values.push(Some(b"null".to_vec()));
                }
            }
        }
        let any = values.iter().any(|v| v.as_ref().is_none_or(|v| v != b"null"));
        let body = if plan.roots.iter().any(|r| matches!(r.kind, RootKind::Introspection)) {
            self.introspect(plan, document, op, variables, values, &mut errors).await
        } else {
            joined(plan, values)
        };
        let masked = run.masked.iter().map(|n| *n as usize).sum();
        let access = access(plan, &run.masked, mode, &mut errors);
        Ok(Executed { body, errors, any, access, masked, statements: run.statements, rows: run.rows })
    }

    /// The JSON of one root field; none where async-graphql answers.
    async fn root(&self, run: &mut Run<'_>, root: &Root, variables: &Variables) -> Result<Option<Vec<u8>>, Error> {
        let null = || Some(b"null".to_vec());
        Ok(match &root.kind {
            RootKind::Typename => Some(b"\"Query\"".to_vec()),
            RootKind::Introspection => None,
            RootKind::Denied(entry) => {
                run.masked[*entry] += 1;
                null()
            }
            RootKind::Many(level) => run.root(level).await?,
            RootKind::One(level) => match run.root(level).await? {
                Some(row) => Some(row),
                None => {
                    return Err(Error::new(Code::NotFound, format!("There is no such {}.", level.source.entity.name))
                        .about(format!("Query.{}", root.name)));
                }
            },
            RootKind::Node { id, levels } => {
                let ids = self.ids(id, variables)?;
                self.nodes(run, levels, &ids).await?.pop()
            }
            RootKind::Nodes { ids, levels } => {
                let ids = self.ids(ids, variables)?;
                let mut out = vec![b'['];
                for (i, row) in self.nodes(run, levels, &ids).await?.into_iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(&row);
                }
                out.push(b']');
                Some(out)
            }
            RootKind::System(system) => {
                let mut rows = vec![];
                for level in &system.levels {
                    rows.push(run.root(level).await?.unwrap_or_else(|| b"null".to_vec()));
                }
                let database = match self.database.dialect {
                    Dialect::Postgres => "postgres",
                    Dialect::Sqlite => "sqlite",
                };
                let facts = Facts { caller: run.caller, types: &self.types, limits: &self.limits, database };
                let mut out = vec![];
                system::write(&mut out, &system.steps, &facts.tree(&system.name), &rows, &mut run.masked);
                Some(out)
            }
        })
    }

    fn ids(&self, value: &Value, variables: &Variables) -> Result<Vec<(String, Uuid)>, Error> {
        let settled = match value {
            Value::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
            value => value
                .clone()
                .into_const_with(|name| Ok::<_, ()>(variables.get(name.as_str()).cloned().unwrap_or_default()))
                .unwrap_or_default(),
        };
        let items = input::listed(&settled);
        if items.len() > MAX_NODES {
            return Err(Error::new(Code::PageSizeTooLarge, format!("At most {MAX_NODES} ids at a time.")));
        }
        let read = |v: &ConstValue| match v {
            ConstValue::String(s) => node_id(self.model, s).map(|(prefix, id)| (prefix.to_owned(), id)),
            _ => Err(Error::new(Code::InvalidId, "An id is a string.")),
        };
        items.into_iter().map(read).collect()
    }

    /// Rows by id in the order asked, `null` for those that are not there for the caller.
    async fn nodes(
        &self,
        run: &mut Run<'_>,
        levels: &HashMap<&'static str, Level>,
        ids: &[(String, Uuid)],
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut found: HashMap<(&str, Uuid), Vec<u8>> = HashMap::new();
        let mut prefixes: Vec<&str> = ids.iter().map(|(p, _)| p.as_str()).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in prefixes {
            let Some(level) = levels.get(prefix) else { continue };
            let mut of: Vec<Uuid> = ids.iter().filter(|(p, _)| p == prefix).map(|(_, id)| *id).collect();
            of.sort_unstable();
            of.dedup();
            found.extend(run.by_ids(level, &of).await?.into_iter().map(|(id, row)| ((prefix, id), row)));
        }
        Ok(ids
            .iter()
            .map(|(p, id)| found.get(&(p.as_str(), *id)).cloned().unwrap_or_else(|| b"null".to_vec()))
            .collect())
    }

    /// Introspection beside compiled roots: async-graphql executes, the compiled answers are spliced in.
    async fn introspect(
        &self,
        plan: &Plan,
        document: &Document,
        op: &OperationDefinition,
        variables: &Variables,
        values: Vec<Option<Vec<u8>>>,
        errors: &mut Vec<Error>,
    ) -> Vec<u8> {
        let spliced =
            plan.roots.iter().zip(values).filter_map(|(root, v)| Some((root.key.clone(), Bytes::from(v?)))).collect();
        let mut parsed = document.parsed.clone();
        parsed.operations = async_graphql::parser::types::DocumentOperations::Single(async_graphql::Positioned::new(
            op.clone(),
            async_graphql::Pos::default(),
        ));
        let mut request = async_graphql::Request::new("").data(Spliced(spliced));
        for (name, value) in variables {
            request.variables.insert(async_graphql::Name::new(name), value.clone());
        }
        request.set_parsed_query(parsed);
        let response = self.schema.execute(request).await;
        for e in response.errors {
            errors.push(Error::new(
                Code::GraphqlValidationFailed,
                e.message.lines().next().unwrap_or_default().to_owned(),
            ));
        }
        let mut out = BODY.to_vec();
        splice(&mut out, &response.data);
        out
    }
}

/// The body and what is known of it.
fn answer(done: Executed, request_id: &str, operation: Option<String>, document_hash: String) -> Answer {
    let mut body = done.body;
    if !done.errors.is_empty() {
        done.errors.iter().for_each(log);
        let errors: Vec<Json> = done.errors.iter().map(|e| error_json(e, request_id)).collect();
        body.extend_from_slice(b",\"errors\":");
        body.extend_from_slice(Json::from(errors).to_string().as_bytes());
    }
    if !done.access.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        body.extend_from_slice(json!({ "access": done.access }).to_string().as_bytes());
    }
    body.push(b'}');
    let outcome = match done.errors.first() {
        Some(first) if !done.any => Outcome::Failed(first.code),
        _ => Outcome::Data,
    };
    Answer {
        body: body.into(),
        outcome,
        masked: done.masked,
        statements: done.statements,
        rows: done.rows,
        operation,
        document_hash,
    }
}

/// Entries for what was masked, or errors for it.
fn access(plan: &Plan, masked: &[u32], mode: AccessMode, errors: &mut Vec<Error>) -> Vec<Json> {
    let mut out = vec![];
    for (entry, count) in plan.access.iter().zip(masked).filter(|(_, n)| **n > 0) {
        match mode {
            AccessMode::Mask => out.push(json!({
                "path": entry.path, "coordinate": entry.coordinate, "needs": entry.needs.to_string(), "reason": entry.reason, "count": count,
            })),
            AccessMode::Error => {
                // A path must lead somewhere: up to the first list, whose elements the count covers.
                let path = entry.path.iter().take_while(|p| *p != "*").map(|p| PathSegment::Key(p.clone())).collect();
                let line = format!("`{}` needs {} ({count} times at {}).", entry.coordinate, entry.needs, entry.path.join("."));
                errors.push(Error { path, ..Error::new(Code::FieldForbidden, line).about(entry.coordinate.clone()) });
            }
        }
    }
    out
}

/// The schema of a model in SDL, without a database.
pub fn sdl(model: &'static Model) -> String {
    printed(&schema::build(model).0)
}

fn printed(schema: &Schema) -> String {
    schema.sdl_with_options(async_graphql::SDLExportOptions::new().include_specified_by())
}

/// What every field of a model's schema needs, without a database.
pub fn needs(model: &'static Model) -> Vec<(String, String)> {
    system::needs(&schema::build(model).1)
}

/// A secret that all server processes on one database share, made by whoever comes first.
async fn shared_secret(database: &Database, name: &str) -> Result<Vec<u8>, Error> {
    let find = || server_secret::Entity::find_by_id(name).one(&database.orm);
    if let Some(row) = find().await? {
        return Ok(row.value);
    }
    let mut value = vec![0; 32];
    getrandom::fill(&mut value).map_err(|e| Error::internal(e.to_string()))?;
    let row = server_secret::ActiveModel { name: Set(name.to_owned()), value: Set(value) };
    let keep = OnConflict::column(server_secret::Column::Name).do_nothing().to_owned();
    server_secret::Entity::insert(row).on_conflict(keep).exec_without_returning(&database.orm).await?;
    find().await?.map(|row| row.value).ok_or_else(|| Error::internal("the shared secret is not there"))
}

fn joined(plan: &Plan, values: Vec<Option<Vec<u8>>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(values.iter().flatten().map(Vec::len).sum::<usize>() + 32 * values.len() + 64);
    out.extend_from_slice(BODY);
    out.push(b'{');
    for (i, (root, value)) in plan.roots.iter().zip(values).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::string(&mut out, &root.key);
        out.push(b':');
        out.extend_from_slice(value.as_deref().unwrap_or(b"null"));
    }
    out.push(b'}');
    out
}

/// Writes a value whose binary parts are finished JSON.
fn splice(out: &mut Vec<u8>, value: &GqlValue) {
    match value {
        GqlValue::Binary(bytes) => out.extend_from_slice(bytes),
        GqlValue::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                splice(out, item);
            }
            out.push(b']');
        }
        GqlValue::Object(map) => {
            out.push(b'{');
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                json::string(out, key);
                out.push(b':');
                splice(out, value);
            }
            out.push(b'}');
        }
        other => out.extend_from_slice(serde_json::to_string(other).unwrap_or_else(|_| "null".into()).as_bytes()),
    }
}

fn at_root(mut error: Error, root: &Root) -> Error {
    if error.locations.is_empty() {
        error.locations.push(root.position);
    }
    if !is_before_execution(error.code) {
        error.path = vec![PathSegment::Key(root.key.clone())];
    }
    error
}

/// Whether an error of this code refuses the whole request; the others leave neighbors standing.
fn is_before_execution(code: Code) -> bool {
    !matches!(
        code,
        Code::FieldForbidden
            | Code::NotFound
            | Code::InvalidId
            | Code::CursorMismatch
            | Code::PageSizeTooLarge
            | Code::CurrencyRequired
            | Code::OutOfRange
            | Code::ResultTooLarge
            | Code::Timeout
            | Code::Unavailable
            | Code::Internal
    )
}

fn log(error: &Error) {
    if let Some(cause) = &error.source {
        tracing::error!(code = error.code.as_str(), %cause, "request failed");
    }
}

fn error_json(error: &Error, request_id: &str) -> Json {
    let mut extensions =
        json!({ "code": error.code.as_str(), "requestId": request_id, "retryable": error.code.is_retryable() });
    if let Some(coordinate) = &error.coordinate {
        extensions["coordinate"] = json!(coordinate);
    }
    let mut out = json!({ "message": error.message, "extensions": extensions });
    if !error.locations.is_empty() {
        out["locations"] =
            error.locations.iter().map(|(line, column)| json!({ "line": line, "column": column })).collect();
    }
    if !error.path.is_empty() {
        out["path"] = error
            .path
            .iter()
            .map(|p| match p {
                PathSegment::Key(key) => json!(key),
                PathSegment::Index(i) => json!(i),
            })
            .collect();
    }
    out
}
