//! Handing risks and issues up to an item above, and taking them back. They stay where they are.

use async_graphql_value::ConstValue;
use entity::{
    issue, item_ancestor,
    portfolio_item::{self, Model as Item},
    risk,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::{begin::are_open, issue_write, risk_write};
use crate::{
    auth::Class,
    error::Error,
    graph::parse_id,
    write::{
        Action, Batch, Done, Member, Mutation, Row, Run, UserCode, UserError, Verb, Work, input, of_item,
        rows::{self, open, save},
        value::{self, column},
    },
};

/// The mutations.
pub fn mutations() -> Vec<Mutation> {
    let act = |entity: &'static str, name: &str, doc: String, input, run: Run| Mutation {
        name: name.to_owned(),
        doc,
        needs: Some(Class::Work.write()),
        entity,
        verb: Verb::Act,
        input,
        payload: vec![],
        inputs: vec![],
        run,
    };
    let to = || vec![Member { name: "toId", ty: "ID!", doc: "The item above, which the caller sees." }];
    let up = |entity: &str| {
        format!("Hands a {entity} up to an item above its own: it stays where it is, and is listed there as well.")
    };
    let back = |entity: &str| format!("Takes a {entity} back that was handed up.");
    vec![
        act("Risk", "riskEscalate", up("Risk"), to(), escalate_risk),
        act("Risk", "riskTakeBack", back("Risk"), vec![], take_back_risk),
        act("Issue", "issueEscalate", up("Issue"), to(), escalate_issue),
        act("Issue", "issueTakeBack", back("Issue"), vec![], take_back_issue),
    ]
}

fn escalate_risk<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    risks(work, input, true)
}

fn take_back_risk<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    risks(work, input, false)
}

fn escalate_issue<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    issues(work, input, true)
}

fn take_back_issue<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    issues(work, input, false)
}

fn risks<'a>(work: &'a mut Work<'_>, input: &'a ConstValue, is_up: bool) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = found::<risk::Entity>(work, &batch, &risk_write::OVER, risk_write::blank).await?;
        for row in &mut rows {
            let Some(at) = dealt_with_at(work, row, input, is_up).await? else { continue };
            row.after.level = at.kind;
        }
        save::<risk::Entity>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

fn issues<'a>(work: &'a mut Work<'_>, input: &'a ConstValue, is_up: bool) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let batch = work.read(input);
        let mut rows = found::<issue::Entity>(work, &batch, &["CLOSED"], issue_write::blank).await?;
        for row in &mut rows {
            dealt_with_at(work, row, input, is_up).await?;
        }
        save::<issue::Entity>(work, rows, &batch, Action::Written).await
    }
    .boxed()
}

/// The rows, for who writes them.
async fn found<E>(
    work: &mut Work<'_>,
    batch: &Batch,
    over: &[&str],
    blank: impl Fn(&Work<'_>) -> E::Model,
) -> Result<Vec<Row<E::Model>>, Error>
where
    E: EntityTrait,
    E::Model: Clone + Send + Sync,
{
    let entity = work.lens.model.entity(work.mutation.entity);
    let rows = open::<E>(work, entity, &batch.items, blank).await?;
    let needs = Class::Work.write();
    rows::demand(work, &rows, work.lens.caller.rights.scopes(needs), &needs.to_string()).await?;
    of_item::items_are_open(work, &rows).await?;
    are_open(work, &rows, over);
    Ok(rows)
}

/// Notes where a row is dealt with from now on: that item; none where it cannot be there.
async fn dealt_with_at<M: ModelTrait>(
    work: &mut Work<'_>,
    row: &mut Row<M>,
    input: &ConstValue,
    is_up: bool,
) -> Result<Option<Item>, Error> {
    if work.is_refused(row.index) {
        return Ok(None);
    }
    let own = value::optional_id(&row.after, "item_id").unwrap_or_default();
    let to = if is_up { above(work, row, own, input).await? } else { None };
    if is_up && to.is_none() {
        return Ok(None);
    }
    row.after.set(column::<M::Entity>("escalated_to_id"), to.into());
    Ok(portfolio_item::Entity::find_by_id(to.unwrap_or(own)).one(work.txn).await?)
}

/// The item that the input names, if it is above.
async fn above<M>(work: &mut Work<'_>, row: &Row<M>, own: Uuid, input: &ConstValue) -> Result<Option<Uuid>, Error> {
    use item_ancestor::Column as C;
    let path = row.path.at("toId");
    let named = input::text(input, "toId");
    let items = work.lens.model.entity("PortfolioItem");
    let found = match named.as_deref().and_then(parse_id) {
        Some((prefix, id)) => work.lens.by_id(items, &[id]).await?.remove(&id).filter(|found| found.prefix == prefix),
        None => None,
    };
    let Some(found) = found else {
        work.fail(row, UserError::new(UserCode::NotFound, path, "There is no such item that you can see."));
        return Ok(None);
    };
    if found.is_archived {
        let line = "What `toId` is to lead to is archived.";
        work.fail(row, UserError::new(UserCode::IllegalState, path, line));
        return Ok(None);
    }
    let over = item_ancestor::Entity::find().filter(C::ItemId.eq(own)).filter(C::AncestorId.eq(found.id));
    if found.id == own || over.count(work.txn).await? == 0 {
        let line = "It is handed up to an item above its own.";
        work.fail(row, UserError::rule(path, "ESCALATED_UPWARDS", line));
        return Ok(None);
    }
    Ok(Some(found.id))
}
