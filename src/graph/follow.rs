//! Subscriptions: a document prepared once, and its answer for one event with the rights of that moment. Nothing of a
//! caller is kept between two events.

use std::sync::Arc;

use async_graphql_value::ConstValue;
use bytes::Bytes;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{
    answer::{Answer, Executed, Spent, answer, at_root, ending, refusal},
    collect::Variables,
    decl::Tells,
    digest,
    document::{self, Document},
    engine::{Engine, Operation, Request},
    execute::body_of,
    input,
    plan::RootKind,
};
use crate::{
    auth::{
        AccessMode, Admitted, Caller, Class, RowSet, Scopes,
        allowance::{REFUSED, Refused},
    },
    error::{Code, Error},
    events::{Change, Selection, Watermark},
    kpi::{
        self,
        stream::{self, ValueEvent},
    },
    metrics::{Ending, Observed},
};

/// Bytes of the largest answer that is kept for others.
const LARGE: usize = 32 * 1024;

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
    reports_deprecations: bool,
    /// Names the document, operation, variables, access mode and whether deprecations are reported.
    name: [u8; 32],
    /// What is followed.
    pub followed: Followed,
    /// The cursor that it goes on after.
    pub after: Option<String>,
}

/// What a subscription follows.
pub enum Followed {
    /// Changes of rows.
    Changes(Selection),
    /// Rows of one entity, told in an event of their own: its type, the member that holds the row, and whether only new
    /// rows are told.
    Rows(Selection, &'static str, &'static str, bool),
    /// Values of KPIs.
    Values(stream::Selection),
}

/// Something to tell a subscriber.
#[derive(Clone, Copy)]
pub enum Told<'c> {
    /// A change.
    Change(&'c Change),
    /// A value of a KPI.
    Value(&'c ValueEvent),
    /// The same, before what changes: several stand at one cursor.
    First(&'c ValueEvent),
    /// That some are missing before this.
    Reset(&'c Watermark),
}

impl Engine {
    /// Answers a query or mutation, or prepares a subscription.
    pub async fn start(
        &self,
        request: Request,
        caller: &Caller,
        mut admitted: Admitted,
        observed: &mut Observed<'_>,
    ) -> Started {
        let request = match self.settle(request).await {
            Ok(request) => request,
            Err(refused) => return Started::Answered(refused.ends(admitted, observed)),
        };
        let document = match self.is_subscription(&request) {
            Err(_) | Ok(None) => {
                return Started::Answered(self.execute_settled(request, caller, admitted, observed).await);
            }
            Ok(Some(document)) => document,
        };
        let request_id = request.request_id.clone();
        let hash = document.hash.clone();
        match self.follow(request, document, caller, (&mut admitted, observed)).await {
            Ok(following) => {
                observed.ends(Ending::Ok);
                Started::Following(Box::new(following))
            }
            Err(errors) => {
                observed.ends(ending(&errors));
                Started::Answered(refusal(&errors, &request_id, None, hash))
            }
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
        (admitted, observed): (&mut Admitted, &mut Observed<'_>),
    ) -> Result<Following, Vec<Error>> {
        let one = |e: Error| vec![e];
        let (name, op) = document.operation(request.operation_name.as_deref()).map_err(one)?;
        observed.is(document::kind(&op.node), name);
        let text = request.document.clone();
        document.size.check(self.allowances.limits(caller)).map_err(one)?;
        self.vouch(request.document, &document).await?;
        let variables = input::variables(&self.types, &op.node.variable_definitions, request.variables).map_err(one)?;
        let operation = name.to_owned();
        let asked = Operation { document: &document, name, op: &op.node, variables: &variables };
        let plan = self.plan(&asked, &caller.rights).map_err(one)?;
        let price = self.price(&plan, &variables, caller).map_err(one)?;
        admitted.charge(price.max(REFUSED)).map_err(one)?;
        let followed = self.followed(&plan.roots[0].kind, &variables, caller);
        let (followed, after) = followed.map_err(|e| one(at_root(e, &plan.roots[0])))?;
        if let Followed::Values(selection) = &followed {
            let checked = self.events.values.check(caller, selection).await;
            checked.map_err(|e| one(at_root(e, &plan.roots[0])))?;
        }
        let (access_mode, request_id) = (request.access_mode, request.request_id);
        let reports_deprecations = request.reports_deprecations;
        let name = name_of(&text, &operation, &variables, (access_mode, reports_deprecations));
        Ok(Following {
            document,
            operation,
            variables,
            access_mode,
            request_id,
            reports_deprecations,
            name,
            followed,
            after,
        })
    }

    /// What a subscriber is told, as the JSON of an answer: made once for all who ask the same of the same change, at the
    /// same head of the stream and with the same rights on the same rows.
    pub async fn tell(&self, following: &Following, caller: &Caller, told: Told<'_>) -> Result<Bytes, Error> {
        let cursor = match &told {
            Told::Change(change) => &change.cursor,
            Told::Value(value) => &value.cursor,
            Told::First(_) | Told::Reset(_) => return Ok(Box::pin(self.tell_alone(following, caller, told)).await?.0),
        };
        let head = *self.events.head().borrow();
        let key = (head, cursor.clone(), following.name, caller.eyes_name(|| eyes_of(caller)));
        let make = || Box::pin(self.tell_alone(following, caller, told));
        let (body, has_errors) = self.told.get(key.clone(), make()).await?;
        if body.len() > LARGE {
            self.told.forget(&key);
        }
        // Errors carry the id of the request that they belong to.
        if has_errors { Ok(make().await?.0) } else { Ok(body) }
    }

    /// What is followed, and after which cursor.
    fn followed(
        &self,
        kind: &RootKind,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<(Followed, Option<String>), Error> {
        let asked = match kind {
            RootKind::Changes(asked, _) => {
                let selection = asked.selection(self.model, variables)?;
                return Ok((Followed::Changes(selection), asked.cursor(variables)));
            }
            RootKind::Stream(asked, _) => asked,
            _ => return Err(Error::internal("a subscription of nothing")),
        };
        let args = asked.stream.args.iter().map(|arg| (arg.name, arg.ty)).chain([("after", "Cursor")]);
        let given = input::arguments(&self.types, args, &asked.args, variables)?;
        let after = given.get("after").and_then(input::text).filter(|text| !text.is_empty());
        let given = ConstValue::Object(given);
        let followed = match asked.stream.tells {
            Tells::Values { is_crossing } => {
                Followed::Values(kpi::answers::selection(self.model, &given, is_crossing)?)
            }
            Tells::Rows { entity, event, member, is_new } => {
                let entity = self.model.entity(entity);
                if caller.rights.read(entity.class).is_empty() {
                    let line = format!("`{}` needs {}.", asked.stream.name, entity.class.read());
                    return Err(Error::new(Code::Forbidden, line));
                }
                Followed::Rows(Selection::new(vec![entity], None), event, member, is_new)
            }
        };
        Ok((followed, after))
    }

    /// A change as its subscription shows it.
    fn told_change(&self, following: &Following, change: &Change) -> Json {
        let mut shown = self.event(change);
        if let Followed::Rows(_, event, member, _) = &following.followed {
            let node = shown["node"].take();
            shown["__typename"] = (*event).into();
            shown[*member] = node;
        }
        shown
    }

    async fn tell_alone(&self, following: &Following, caller: &Caller, told: Told<'_>) -> Result<(Bytes, bool), Error> {
        let values: Json = match told {
            Told::Change(change) => self.told_change(following, change),
            Told::Value(value) | Told::First(value) => value.shown(&value.cursor.text(&self.events.feed.signer)),
            Told::Reset(from) => self.reset(from)?,
        };
        let asked = following.asked()?;
        let plan = self.plan(&asked, &caller.rights)?;
        let root = &plan.roots[0];
        let (RootKind::Changes(_, tree) | RootKind::Stream(_, tree)) = &root.kind else {
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
        let done = Executed {
            deprecated: self.deprecated(&asked),
            reports_deprecations: following.reports_deprecations,
            ..Executed::new(body, errors, true, &run, following.access_mode)
        };
        let has_errors = !done.errors.is_empty();
        Ok((answer(done, &following.request_id, None, following.document.hash.clone()).body, has_errors))
    }
}

impl Following {
    /// Whether a change is told at all.
    pub fn tells(&self, change: &Change) -> bool {
        match &self.followed {
            Followed::Rows(_, _, _, is_new) => change.cause.is_some() && (!is_new || change.version == Some(1)),
            Followed::Changes(_) | Followed::Values(_) => true,
        }
    }

    /// The operation, to be planned for whatever rights its caller has by now.
    fn asked(&self) -> Result<Operation<'_>, Error> {
        let name = (!self.operation.is_empty()).then_some(self.operation.as_str());
        let (name, op) = self.document.operation(name)?;
        Ok(Operation { document: &self.document, name, op: &op.node, variables: &self.variables })
    }

    /// Repeated in every error.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

/// What was told of a change: by head, cursor, subscription and eyes.
pub type ToldKey = (i64, Watermark, [u8; 32], [u8; 32]);
/// What was told, and whether it has errors.
pub type ToldBody = (Bytes, bool);

/// One name for equal subscriptions.
fn name_of(text: &str, operation: &str, variables: &Variables, mode: (AccessMode, bool)) -> [u8; 32] {
    let mut given: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    given.sort_unstable();
    let mode = format!("{mode:?}");
    digest::of_parts([text, operation, &mode].into_iter().chain(given.iter().map(String::as_str)))
}

/// One name for all that rights on rows depend on: what is read, and what is said of writing.
pub(super) fn eyes_of(caller: &Caller) -> [u8; 32] {
    let mut hash = Sha256::new();
    let permissions = Class::ALL.into_iter().flat_map(|class| [class.read(), class.write(), class.approve()]);
    let has_self = permissions.into_iter().any(|permission| caller.rights.scopes(permission).has(Scopes::SELF));
    hash.update(format!("{:?}", (&caller.rights, caller.person.filter(|_| has_self))));
    for set in RowSet::ALL {
        let rows = caller.rows.of(set);
        hash.update((rows.len() as u64).to_be_bytes());
        rows.iter().for_each(|id| hash.update(id));
    }
    hash.finalize().into()
}

/// An error as the answer to a request that was never looked at.
pub fn refusal_of(error: Error, request_id: &str) -> Answer {
    refusal(&[error], request_id, None, String::new())
}

/// The answer to a request that was not taken.
pub fn not_taken(refused: Refused, request_id: &str) -> Answer {
    let spent = Some(Spent { estimated: 0, actual: 0, left: refused.left });
    Answer { spent, ..refusal_of(refused.error, request_id) }
}

/// An error as a message of its own shows it.
pub fn refused(error: Error, request_id: &str) -> Json {
    let refusal = refusal_of(error, request_id);
    serde_json::from_slice::<Json>(&refusal.body).map(|mut body| body["errors"].take()).unwrap_or_default()
}
