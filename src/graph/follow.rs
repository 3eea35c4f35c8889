//! Subscriptions: a document prepared once, and its answer for one event with the rights of that moment. Nothing of a
//! caller is kept between two events.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;

use super::{
    answer::{Answer, Executed, answer, at_root, refusal},
    collect::Variables,
    compile::Compiler,
    document::{self, Document},
    engine::{Engine, Request},
    execute::body_of,
    input,
    plan::{Plan, RootKind},
};
use crate::{
    auth::{AccessMode, Caller},
    error::{Code, Error},
    events::{Change, Selection, Watermark},
};

/// What becomes of a request that may be a subscription.
pub enum Started {
    /// It is none: this is the answer, and there is no more.
    Answered(Answer),
    /// It goes on.
    Following(Box<Following>),
}

/// A subscription.
pub struct Following {
    document: Arc<Document>,
    operation: String,
    variables: Variables,
    access_mode: AccessMode,
    request_id: String,
    /// What is followed.
    pub selection: Selection,
    /// The cursor that it goes on after.
    pub after: Option<String>,
}

/// Something to tell a subscriber.
pub enum Told<'c> {
    /// A change.
    Change(&'c Change),
    /// That some are missing before this.
    Reset(&'c Watermark),
}

impl Engine {
    /// Answers a query or mutation, or prepares a subscription.
    pub async fn start(&self, request: Request, caller: &Caller) -> Started {
        let document = match self.is_subscription(&request) {
            Err(_) | Ok(None) => return Started::Answered(self.execute(request, caller).await),
            Ok(Some(document)) => document,
        };
        let request_id = request.request_id.clone();
        let hash = document.hash.clone();
        match self.follow(request, document, caller).await {
            Ok(following) => Started::Following(Box::new(following)),
            Err(errors) => Started::Answered(refusal(&errors, &request_id, None, hash)),
        }
    }

    /// The document of a subscription; none for other operations. What cannot be read is `execute`'s to refuse.
    fn is_subscription(&self, request: &Request) -> Result<Option<Arc<Document>>, Error> {
        let document = self.read(&request.document)?;
        let (_, op) = document.operation(request.operation_name.as_deref())?;
        Ok(document::is_subscription(&op.node).then_some(document.clone()))
    }

    async fn follow(
        &self,
        request: Request,
        document: Arc<Document>,
        caller: &Caller,
    ) -> Result<Following, Vec<Error>> {
        let one = |e: Error| vec![e];
        self.vouch(request.document, &document).await?;
        let (name, op) = document.operation(request.operation_name.as_deref()).map_err(one)?;
        let variables = input::variables(&self.types, &op.node.variable_definitions, request.variables).map_err(one)?;
        let operation = name.to_owned();
        let plan = self.plan(&document, &operation, &variables, caller).map_err(one)?;
        let RootKind::Changes(asked, _) = &plan.roots[0].kind else {
            return Err(one(Error::internal("a subscription of nothing")));
        };
        let selection = asked.selection(self.model, &variables).map_err(|e| one(at_root(e, &plan.roots[0])))?;
        let after = asked.cursor(&variables);
        let (access_mode, request_id) = (request.access_mode, request.request_id);
        Ok(Following { document, operation, variables, access_mode, request_id, selection, after })
    }

    fn plan(
        &self,
        document: &Document,
        operation: &str,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<Arc<Plan>, Error> {
        let name = (!operation.is_empty()).then_some(operation);
        let (_, op) = document.operation(name)?;
        document.plan(operation, &caller.rights, variables, || {
            Compiler::new(self.model, &self.types, &document.parsed.fragments, variables, &caller.rights)
                .subscription(&op.node.selection_set.node)
        })
    }

    /// What a subscriber is told, as the JSON of an answer.
    pub async fn tell(&self, following: &Following, caller: &Caller, told: Told<'_>) -> Result<Bytes, Error> {
        let values: Json = match told {
            Told::Change(change) => self.event(change),
            Told::Reset(from) => self.reset(from)?,
        };
        let plan = self.plan(&following.document, &following.operation, &following.variables, caller)?;
        let root = &plan.roots[0];
        let RootKind::Changes(_, tree) = &root.kind else {
            return Err(Error::internal("a subscription of nothing"));
        };
        let mut run = self.new_run(&plan, caller, &following.variables);
        let mut errors = vec![];
        let value = match self.project(&mut run, tree, &values, &mut errors).await {
            Ok(value) => value,
            // It may be told a little later as well as ever.
            Err(e) if e.code == Code::Unavailable => return Err(e),
            Err(e) => {
                errors.push(at_root(e, root));
                b"null".to_vec()
            }
        };
        let body = body_of(&plan.roots, &[Some(value)]);
        let done = Executed::new(body, errors, true, &run, following.access_mode);
        Ok(answer(done, &following.request_id, None, following.document.hash.clone()).body)
    }
}

impl Following {
    /// Repeated in every error.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

/// An error as a message of its own shows it.
pub fn refused(error: Error, request_id: &str) -> Json {
    let refusal = refusal(&[error], request_id, None, String::new());
    serde_json::from_slice::<Json>(&refusal.body).map(|mut body| body["errors"].take()).unwrap_or_default()
}
