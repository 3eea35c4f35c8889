//! Runs the root fields of a plan, each on its own: one that fails is null with its error, its neighbors stand.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use async_graphql::Value as GqlValue;
use async_graphql_value::{ConstValue, Value};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    answer::{Executed, access, at_root, is_before_execution},
    collect::Variables,
    cost::{FIGURES, INTROSPECTION, items_of, own_of_mutation},
    engine::{Engine, Operation},
    input, json,
    plan::{Level, Plan, Root, RootKind},
    run::{MAX_NODES, Run, node_id},
    schema::Spliced,
    session::Session,
    sql::Dialect,
    system::Facts,
    tree::{Answers, Slot, Tree, joined},
};
use crate::{
    auth::{AccessMode, Caller},
    error::{Code, Error},
    write::Wish,
};

/// How a body begins; what follows is written behind it, without a copy.
const BODY: &[u8] = b"{\"data\":";

impl Engine {
    /// Runs a query.
    pub(super) async fn query(
        &self,
        asked: &Operation<'_>,
        plan: &Plan,
        caller: &Caller,
        mode: AccessMode,
    ) -> Result<Executed, Error> {
        let mut run = self.new_run(plan, caller, asked.variables);
        let mut errors = vec![];
        let values = self.roots(&mut run, &plan.roots, &mut errors).await?;
        let any = values.iter().any(|v| v.as_ref().is_none_or(|v| v != b"null"));
        let body = if plan.roots.iter().any(|r| matches!(r.kind, RootKind::Introspection)) {
            self.introspect(plan, asked, values, &mut errors).await
        } else {
            body_of(&plan.roots, &values)
        };
        Ok(Executed::new(body, errors, any, &run, mode))
    }

    /// Runs the mutations of an operation one after the other, each in a transaction of its own. Its payload is read by
    /// the plan of the rights that the caller has afterwards.
    pub(super) async fn mutate(
        &self,
        asked: &Operation<'_>,
        mut plan: Arc<Plan>,
        caller: &Caller,
        mode: AccessMode,
        change: &Change<'_>,
    ) -> Result<Executed, Error> {
        let mut caller = Cow::Borrowed(caller);
        let changes = plan.roots.iter().filter(|root| matches!(root.kind, RootKind::Mutation { .. })).count();
        if change.key.is_some() && changes != 1 {
            let line = "The header Idempotency-Key belongs to a document with exactly one mutation.";
            return Err(Error::new(Code::BadRequest, line));
        }
        let mut inputs = vec![];
        for root in &plan.roots {
            inputs.push(match &root.kind {
                RootKind::Mutation { mutation, input, .. } => {
                    Some(self.input_of(&mutation.name, input, asked).map_err(|e| at_root(e, root))?)
                }
                _ => None,
            });
        }
        let (mut errors, mut values) = (vec![], Vec::with_capacity(plan.roots.len()));
        let mut sum = Executed::default();
        for (at, input) in inputs.iter().enumerate() {
            let failed = |e: Error, errors: &mut Vec<Error>, values: &mut Vec<Option<Vec<u8>>>| {
                errors.push(at_root(e, &plan.roots[at]));
                values.push(Some(b"null".to_vec()));
            };
            let (RootKind::Mutation { mutation, .. }, Some(input)) = (&plan.roots[at].kind, input) else {
                values.push(Some(b"\"Mutation\"".to_vec()));
                continue;
            };
            sum.cost = sum.cost.saturating_add(own_of_mutation(items_of(input)));
            let wish = Wish { mutation, input, caller: &caller, request_id: change.request_id, key: change.key };
            let performed = match self.writer.perform(&wish).await {
                Ok(performed) => performed,
                Err(e) => {
                    failed(e, &mut errors, &mut values);
                    continue;
                }
            };
            if performed.touches_rights {
                // What is committed stays so: if its payload cannot be read now, this field fails and no other.
                let fresh = self.callers.of(&self.database.orm, self.clock.as_ref(), caller.identity.clone()).await;
                let replanned = fresh.and_then(|fresh| Ok((self.plan(asked, &fresh.rights)?, fresh)));
                match replanned {
                    Ok((fresh_plan, fresh)) => (plan, caller) = (fresh_plan, Cow::Owned(Caller::clone(&fresh))),
                    Err(e) => {
                        failed(e, &mut errors, &mut values);
                        continue;
                    }
                }
            }
            sum.user_errors |= performed.has_user_errors();
            let root = &plan.roots[at];
            let RootKind::Mutation { payload, .. } = &root.kind else { continue };
            // A run of its own: its connection is given back before the next mutation asks for one.
            let mut run = self.new_run(&plan, &caller, asked.variables);
            match self.project(&mut run, payload, &performed.payload, &mut errors).await {
                Ok(value) => values.push(Some(value)),
                Err(e) => {
                    errors.push(at_root(e, root));
                    values.push(Some(b"null".to_vec()));
                }
            }
            sum.add(Executed::new(vec![], vec![], true, &run, mode), &mut errors);
        }
        let any = values.iter().any(|v| v.as_ref().is_none_or(|v| v != b"null"));
        Ok(Executed { body: body_of(&plan.roots, &values), errors, any, ..sum })
    }

    /// The input of a mutation with the request's variables, coerced to its type.
    fn input_of(&self, name: &str, input: &Value, asked: &Operation<'_>) -> Result<ConstValue, Error> {
        let meta = self.types.get("Mutation").and_then(|t| t.field_by_name(name));
        let ty = meta.and_then(|m| m.args.get("input")).map(|a| a.ty.as_str()).unwrap_or_default();
        input::coerced(&self.types, ty, "input", present(input, asked.variables).unwrap_or_default())
    }

    /// A run of a plan for a caller.
    pub(super) fn new_run<'a>(&'a self, plan: &'a Plan, caller: &'a Caller, variables: &'a Variables) -> Run<'a> {
        let (types, limits, times) =
            (&*self.types, self.allowances.limits(caller), (self.clock.today(), self.clock.now()));
        Run::new(
            &self.database,
            (self.model, types),
            &self.signer,
            limits,
            plan,
            caller,
            variables,
            times,
            &self.lasting,
        )
    }

    /// The JSON of root fields; none where async-graphql answers. An error that refuses the whole request is returned,
    /// any other stands beside a null.
    pub(super) fn roots<'s>(
        &'s self,
        run: &'s mut Run<'_>,
        roots: &'s [Root],
        errors: &'s mut Vec<Error>,
    ) -> BoxFuture<'s, Result<Vec<Option<Vec<u8>>>, Error>> {
        Box::pin(async move {
            let mut values = Vec::with_capacity(roots.len());
            for root in roots {
                match self.root(run, root, errors).await {
                    Ok(value) => values.push(value),
                    Err(e) if is_before_execution(e.code) => return Err(at_root(e, root)),
                    Err(e) => {
                        errors.push(at_root(e, root));
                        values.push(Some(b"null".to_vec()));
                    }
                }
            }
            Ok(values)
        })
    }

    async fn root(&self, run: &mut Run<'_>, root: &Root, errors: &mut Vec<Error>) -> Result<Option<Vec<u8>>, Error> {
        let null = || Some(b"null".to_vec());
        Ok(match &root.kind {
            RootKind::Typename(name) => Some(format!("\"{name}\"").into_bytes()),
            RootKind::Introspection => {
                run.session.spend(INTROSPECTION);
                None
            }
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
                let ids = self.ids(id, run.variables)?;
                nodes(run, levels, &ids).await?.pop()
            }
            RootKind::Nodes { ids, levels } => {
                let ids = self.ids(ids, run.variables)?;
                let mut out = vec![b'['];
                for (i, row) in nodes(run, levels, &ids).await?.into_iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(&row);
                }
                out.push(b']');
                Some(out)
            }
            RootKind::Changes(asked, tree) => Some(self.changes(run, asked, tree, errors).await?),
            RootKind::System(tree) => {
                let database = match self.database.dialect {
                    Dialect::Postgres => "postgres",
                    Dialect::Sqlite => "sqlite",
                };
                let facts = Facts { caller: run.caller, types: &self.types, limits: run.limits, database };
                run.session.spend(FIGURES);
                let values = facts.tree(&root.name);
                Some(self.project(run, tree, &values, errors).await?)
            }
            RootKind::Answer(asked) => Some(run.answer(asked).await?),
            RootKind::Mutation { .. } | RootKind::Stream(..) => return Err(Error::internal("a mutation among reads")),
        })
    }

    /// The JSON of a tree, with the rows that it names.
    pub(super) async fn project(
        &self,
        run: &mut Run<'_>,
        tree: &Tree,
        values: &Json,
        errors: &mut Vec<Error>,
    ) -> Result<Vec<u8>, Error> {
        let mut answers = Answers::default();
        for (at, (slot, ids)) in tree.slots.iter().zip(tree.ids(values)).enumerate() {
            let rows = match slot {
                Slot::Query(roots) => {
                    let values = self.roots(run, roots, errors).await?;
                    let mut out = vec![];
                    let values = values.iter().map(|v| v.as_deref().unwrap_or(b"null"));
                    joined(&mut out, roots.iter().map(|r| r.key.as_str()).zip(values));
                    answers.queries.insert(at, out);
                    HashMap::new()
                }
                slot => run.slot(slot, &ids).await?,
            };
            answers.rows.push(rows);
        }
        let mut out = vec![];
        tree.write(&mut out, values, &answers, &mut run.masked);
        Ok(out)
    }

    fn ids(&self, value: &Value, variables: &Variables) -> Result<Vec<(String, Uuid)>, Error> {
        let settled = settled(value, variables);
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

    /// Introspection beside compiled roots: async-graphql executes, the compiled answers are spliced in.
    async fn introspect(
        &self,
        plan: &Plan,
        asked: &Operation<'_>,
        values: Vec<Option<Vec<u8>>>,
        errors: &mut Vec<Error>,
    ) -> Vec<u8> {
        let spliced =
            plan.roots.iter().zip(values).filter_map(|(root, v)| Some((root.key.clone(), Bytes::from(v?)))).collect();
        let mut parsed = asked.document.parsed.clone();
        parsed.operations = async_graphql::parser::types::DocumentOperations::Single(async_graphql::Positioned::new(
            asked.op.clone(),
            async_graphql::Pos::default(),
        ));
        let mut request = async_graphql::Request::new("").data(Spliced(spliced));
        for (name, value) in asked.variables {
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

impl Executed {
    /// Adds what another run of the same request read and masked.
    fn add(&mut self, more: Self, errors: &mut Vec<Error>) {
        self.access.extend(more.access);
        self.masked += more.masked;
        self.statements += more.statements;
        self.rows += more.rows;
        self.cost = self.cost.saturating_add(more.cost);
        errors.extend(more.errors);
    }

    /// What a run gave.
    pub(super) fn new(body: Vec<u8>, mut errors: Vec<Error>, any: bool, run: &Run<'_>, mode: AccessMode) -> Self {
        let masked = run.masked.iter().map(|n| *n as usize).sum();
        let access = access(run.plan, &run.masked, mode, &mut errors);
        let Session { statements, rows, cost, .. } = run.session;
        Self { body, errors, any, access, masked, statements, rows, cost, ..Self::default() }
    }
}

/// What a mutation's request carries besides its document.
pub(super) struct Change<'a> {
    pub(super) request_id: &'a str,
    pub(super) key: Option<&'a str>,
}

/// A value with the request's variables in their places. A member whose variable has no value is not there: an absent
/// member of a patch leaves a field as it is, where null would clear it.
fn present(value: &Value, variables: &Variables) -> Option<ConstValue> {
    Some(match value {
        Value::Variable(name) => variables.get(name.as_str())?.clone(),
        Value::List(items) => {
            ConstValue::List(items.iter().map(|v| present(v, variables).unwrap_or_default()).collect())
        }
        Value::Object(members) => ConstValue::Object(
            members.iter().filter_map(|(name, v)| Some((name.clone(), present(v, variables)?))).collect(),
        ),
        constant => constant.clone().into_const().unwrap_or_default(),
    })
}

/// A value with the request's variables in their places; a variable without a value is null.
pub(super) fn settled(value: &Value, variables: &Variables) -> ConstValue {
    match value {
        Value::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        value => value
            .clone()
            .into_const_with(|name| Ok::<_, ()>(variables.get(name.as_str()).cloned().unwrap_or_default()))
            .unwrap_or_default(),
    }
}

/// Rows by id in the order asked, `null` for those that are not there for the caller.
async fn nodes(
    run: &mut Run<'_>,
    levels: &HashMap<&'static str, Level>,
    ids: &[(String, Uuid)],
) -> Result<Vec<Vec<u8>>, Error> {
    let found = run.by_names(levels, ids).await?;
    Ok(ids.iter().map(|(p, id)| found.get(&(p.as_str(), *id)).cloned().unwrap_or_else(|| b"null".to_vec())).collect())
}

/// The body up to the end of `data`.
pub(super) fn body_of(roots: &[Root], values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(values.iter().flatten().map(Vec::len).sum::<usize>() + 32 * values.len() + 64);
    out.extend_from_slice(BODY);
    let values = values.iter().map(|v| v.as_deref().unwrap_or(b"null"));
    joined(&mut out, roots.iter().map(|r| r.key.as_str()).zip(values));
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
