//! Answers a request: document, rights, plan, rows, bytes. What is refused before execution has no `data`.

use std::{collections::HashMap, num::NonZeroUsize, sync::Arc};

use async_graphql::parser::types::{OperationDefinition, OperationType};
use entity::server_secret;
use futures_util::StreamExt as _;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde_json::{Value as Json, json};

use super::{
    answer::{Answer, Executed, Spent, answer, ending, refusal},
    collect::Variables,
    compile::Compiler,
    cost::{CostWish, Pricing},
    cursor::Signer,
    database::Database,
    decl::Model,
    deprecation::{Deprecation, Deprecations},
    document::{self, Document},
    execute::Change,
    follow::{ToldBody, ToldKey},
    input,
    kept::{Documents, Kept},
    lasting::Lasting,
    plan::Plan,
    schema::{self, DryRun, Schema, Types},
    system,
    trusted::TrustedDocuments,
};
use crate::{
    auth::{AccessMode, Admitted, Allowances, Caller, Callers, Rights, allowance::REFUSED},
    clock::Clock,
    config::{DocumentsAccepted, LimitColumns},
    error::{Code, Error},
    events::{Events, shared::Shared},
    metrics::Observed,
    write::Writer,
};

/// An operation that is about to run.
pub(super) struct Operation<'a> {
    pub(super) document: &'a Document,
    pub(super) name: &'a str,
    pub(super) op: &'a OperationDefinition,
    pub(super) variables: &'a Variables,
}

/// Name of the secret that signs cursors.
pub(crate) const CURSOR_SECRET: &str = "cursor";

/// Answers of subscriptions kept for others.
const TOLD: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// One GraphQL request, as read from HTTP.
#[derive(Debug, Default)]
pub struct Request {
    /// The document's text; empty where its id alone was sent.
    pub document: String,
    /// The id of a trusted document.
    pub document_id: Option<String>,
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
    /// The header Idempotency-Key.
    pub idempotency_key: Option<String>,
    /// Whether the answer is to tell what it used that is to go.
    pub reports_deprecations: bool,
    /// What is to be done with its price.
    pub cost: CostWish,
}

/// A request that is being answered.
struct UnderWay {
    operation: Option<String>,
    hash: String,
    admitted: Admitted,
    estimated: usize,
}

impl UnderWay {
    fn new(admitted: Admitted) -> Self {
        Self { operation: None, hash: String::new(), admitted, estimated: 0 }
    }

    /// Leaves what it cost in the end.
    fn settle(&mut self, actual: usize) -> Spent {
        self.admitted.settle(actual);
        Spent { estimated: self.estimated, actual, left: self.admitted.left() }
    }
}

/// A request whose document is not answered here.
pub(super) struct Unsettled {
    error: Error,
    request_id: String,
}

impl Unsettled {
    /// The answer, counted.
    pub(super) fn ends(self, admitted: Admitted, observed: &mut Observed<'_>) -> Answer {
        let errors = [self.error];
        observed.ends(ending(&errors));
        let spent = UnderWay::new(admitted).settle(REFUSED);
        Answer { spent: Some(spent), ..refusal(&errors, &self.request_id, None, String::new()) }
    }
}

/// Answers GraphQL requests.
pub struct Engine {
    pub(super) database: Database,
    pub(super) model: &'static Model,
    pub(super) schema: Schema,
    pub(super) types: Arc<Types>,
    documents: Documents,
    deprecations: Deprecations,
    trusted: TrustedDocuments,
    pub(super) signer: Signer,
    pub(super) allowances: Arc<Allowances>,
    pub(super) callers: Arc<Callers>,
    pub(super) clock: Arc<dyn Clock>,
    /// Carries mutations out.
    pub writer: Writer,
    pub(super) events: Arc<Events>,
    pub(super) told: Shared<ToldKey, ToldBody>,
    pub(super) lasting: Lasting,
}

impl Engine {
    /// An engine over a migrated database.
    pub async fn new(
        database: Database,
        model: &'static Model,
        allowances: Arc<Allowances>,
        (clock, callers, events): (Arc<dyn Clock>, Arc<Callers>, Arc<Events>),
    ) -> Result<Self, Error> {
        let (schema, types) = schema::build(model);
        let signer = Signer::new(&shared_secret(&database, CURSOR_SECRET).await?);
        let writer = Writer::new(database.clone(), model, clock.clone(), callers.clone(), Some(events.clone()));
        let deprecations = Deprecations::new(&model.deprecations, &types);
        let (documents, told) = (Documents::default(), Shared::new(TOLD));
        let trusted = TrustedDocuments::default();
        Ok(Self {
            database,
            model,
            schema,
            types,
            documents,
            deprecations,
            trusted,
            signer,
            allowances,
            callers,
            clock,
            writer,
            events,
            told,
            lasting: Lasting::default(),
        })
    }

    /// The same engine, answering these documents.
    #[must_use]
    pub fn accepting(self, accepted: DocumentsAccepted) -> Self {
        Self { trusted: TrustedDocuments::new(accepted), ..self }
    }

    /// The schema in SDL.
    pub fn sdl(&self) -> String {
        printed(&self.schema)
    }

    /// The schema's own scalars: name, what it holds, where it is specified.
    pub fn scalars(&self) -> Vec<(String, String, String)> {
        system::scalars(&self.types)
    }

    /// The limits: name, what it counts, how much for people and for service keys.
    pub fn limits_told(&self, columns: &LimitColumns) -> Vec<(String, String, [String; 2])> {
        system::limits_told(&self.types, columns)
    }

    /// Members of the schema that are to go.
    pub fn deprecations(&self) -> &'static [Deprecation] {
        &self.model.deprecations
    }

    /// What every field of the schema needs, by schema coordinate.
    pub fn needs(&self) -> Vec<(String, String)> {
        system::needs(&self.types)
    }

    /// How many plans are kept for a document; none if it is not kept at all.
    pub fn plans_kept(&self, document: &str) -> Option<usize> {
        self.documents.get(document).map(|d| d.plan_count())
    }

    /// What is kept to answer requests.
    pub fn kept(&self) -> Kept {
        Kept { answers: self.lasting.uses(), ..self.documents.kept() }
    }

    /// Answers one request that was taken, and says of it what it turned out to be and how it ended.
    pub async fn execute(
        &self,
        request: Request,
        caller: &Caller,
        admitted: Admitted,
        observed: &mut Observed<'_>,
    ) -> Answer {
        match self.settle(request).await {
            Ok(request) => self.execute_settled(request, caller, admitted, observed).await,
            Err(refused) => refused.ends(admitted, observed),
        }
    }

    /// The request with the text of its document, if that may be answered here. Every way in begins with it.
    pub(super) async fn settle(&self, mut request: Request) -> Result<Request, Unsettled> {
        let id = request.document_id.take();
        let known = self.trusted.settle(&self.database.orm, self.clock.now(), id, request.document).await;
        match known {
            Ok(document) => Ok(Request { document, ..request }),
            Err(error) => Err(Unsettled { error, request_id: request.request_id }),
        }
    }

    /// Reads, limits and validates a document as that of a service key would be, and gives the names of its operations.
    pub async fn examine(&self, text: &str) -> Result<Vec<String>, Vec<Error>> {
        let document = self.read(text).map_err(|e| vec![e])?;
        document.size.check(self.allowances.widest()).map_err(|e| vec![e])?;
        self.vouch(text.to_owned(), &document).await?;
        let mut names: Vec<String> = document.operations.keys().cloned().collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Answers a request whose document is settled.
    pub(super) async fn execute_settled(
        &self,
        request: Request,
        caller: &Caller,
        admitted: Admitted,
        observed: &mut Observed<'_>,
    ) -> Answer {
        let (request_id, wish) = (request.request_id.clone(), request.cost);
        let mut on = UnderWay::new(admitted);
        let mut answer = match self.prepare_and_run(request, caller, observed, &mut on).await {
            Ok(mut done) => {
                observed.ends(done.ending());
                let spent = on.settle(if wish == CostWish::Validate { REFUSED } else { done.cost.max(1) });
                done.told = (wish != CostWish::None).then_some(Spent { actual: done.cost, ..spent });
                Answer { spent: Some(spent), ..answer(done, &request_id, on.operation, on.hash) }
            }
            Err(errors) => {
                observed.ends(ending(&errors));
                let spent = on.settle(REFUSED);
                Answer { spent: Some(spent), ..refusal(&errors, &request_id, on.operation, on.hash) }
            }
        };
        if let (CostWish::Validate, Some(spent)) = (wish, &mut answer.spent) {
            spent.actual = 0;
        }
        answer
    }

    async fn prepare_and_run(
        &self,
        request: Request,
        caller: &Caller,
        observed: &mut Observed<'_>,
        on: &mut UnderWay,
    ) -> Result<Executed, Vec<Error>> {
        let one = |e: Error| vec![e];
        let document = self.read(&request.document).map_err(one)?;
        on.hash.clone_from(&document.hash);
        let (name, op) = document.operation(request.operation_name.as_deref()).map_err(one)?;
        observed.is(document::kind(&op.node), name);
        on.operation = (!name.is_empty()).then(|| name.to_owned());
        if request.only_queries && !document::is_query(&op.node) {
            return Err(one(Error::new(Code::MethodNotAllowed, "GET answers queries only; send this by POST.")));
        }
        document.size.check(self.allowances.limits(caller)).map_err(one)?;
        Box::pin(self.vouch(request.document, &document)).await?;
        if document::is_subscription(&op.node) {
            let line = "A subscription is followed over the WebSocket at /graphql/ws, over /graphql/stream, or here in parts of multipart/mixed.";
            return Err(one(Error::new(Code::BadRequest, line)));
        }
        let variables = input::variables(&self.types, &op.node.variable_definitions, request.variables).map_err(one)?;
        let asked = Operation { document: &document, name, op: &op.node, variables: &variables };
        let plan = self.plan(&asked, &caller.rights).map_err(one)?;
        on.estimated = self.price(&plan, &variables, caller).map_err(one)?;
        if request.cost == CostWish::Validate {
            return Ok(Executed { body: b"{\"data\":null".to_vec(), any: true, ..Executed::default() });
        }
        on.admitted.charge(on.estimated).map_err(one)?;
        let done = match op.node.ty {
            OperationType::Query => self.query(&asked, &plan, caller, request.access_mode).await,
            OperationType::Mutation => {
                let wish = Change { request_id: &request.request_id, key: request.idempotency_key.as_deref() };
                // Boxed, as what happens seldom is: what waits in a request is moved with it.
                Box::pin(self.mutate(&asked, plan, caller, request.access_mode, &wish)).await
            }
            OperationType::Subscription => {
                let line = "Subscriptions are followed over a WebSocket at /graphql/ws.";
                Err(Error::new(Code::BadRequest, line))
            }
        };
        let done = done.map_err(one)?;
        let (deprecated, reports_deprecations) = (self.deprecated(&asked), request.reports_deprecations);
        Ok(Executed { deprecated, reports_deprecations, ..done })
    }

    /// What an operation uses that is to go.
    pub(super) fn deprecated(&self, asked: &Operation<'_>) -> Vec<&'static Deprecation> {
        self.deprecations.used(&self.types, asked.document, asked.name, asked.variables)
    }

    /// The price of a plan with these variables; fails where its caller may not pay so much at once.
    pub(super) fn price(&self, plan: &Plan, variables: &Variables, caller: &Caller) -> Result<usize, Error> {
        let (limits, today) = (self.allowances.limits(caller), self.clock.today());
        Pricing { limits, variables, types: &self.types, today }.price(plan)
    }

    /// The plan of an operation for these rights.
    pub(super) fn plan(&self, asked: &Operation<'_>, rights: &Rights) -> Result<Arc<Plan>, Error> {
        let made = asked.document.plan(asked.name, rights, asked.variables, &self.documents.plans, || {
            let fragments = &asked.document.parsed.fragments;
            let compiler = Compiler::new(self.model, &self.types, fragments, asked.variables, rights);
            let set = &asked.op.selection_set.node;
            match asked.op.ty {
                OperationType::Query => compiler.query(set),
                OperationType::Mutation => compiler.mutation(set),
                OperationType::Subscription => compiler.subscription(set),
            }
        });
        let (plan, is_new) = made?;
        if is_new {
            self.documents.grown();
        }
        Ok(plan)
    }

    /// The document of a text, known or new.
    pub(super) fn read(&self, text: &str) -> Result<Arc<Document>, Error> {
        match self.documents.get(text) {
            Some(document) => Ok(document),
            None => document::read(text, self.allowances.of_all()).map(Arc::new),
        }
    }

    /// Checks a document against the schema and keeps it, unless it is kept already.
    pub(super) async fn vouch(&self, text: String, document: &Arc<Document>) -> Result<(), Vec<Error>> {
        if self.documents.know(&text) {
            return Ok(());
        }
        validate(&self.schema, &text, document).await?;
        input::check_document(&self.types, &document.parsed).map_err(|e| vec![e])?;
        self.documents.keep(text, document.clone());
        Ok(())
    }
}

/// Validates by a dry run: async-graphql's rules are private, so it executes with roots that answer null.
pub(super) async fn validate(schema: &Schema, text: &str, document: &Document) -> Result<(), Vec<Error>> {
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
    let mut request =
        async_graphql::Request::new(text).variables(async_graphql::Variables::from_json(json!(variables))).data(DryRun);
    if let Some(Some(name)) = names.first() {
        request = request.operation_name(*name);
    }
    request.set_parsed_query(document.parsed.clone());
    // A subscription's stream is empty here; errors come before it.
    let errors = schema.execute_stream(request).next().await.map(|r| r.errors).unwrap_or_default();
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
pub(crate) async fn shared_secret(database: &Database, name: &str) -> Result<Vec<u8>, Error> {
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
