//! Money moved between the budgets of items: a new submitted version for each, approved together, summing to nothing.

use std::collections::{BTreeSet, HashMap};

use async_graphql_value::ConstValue;
use entity::{
    budget::{self, Column as C, Model},
    portfolio_item,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    budget_write::{again, lines_again},
    decisions::hand_in,
    rules,
    versions::Revisions,
};
use crate::{
    auth::Step,
    error::Error,
    graph::{input::listed, parse_id, value::amount},
    write::{
        Done, InputType, Member, Mutation, Path, Row, UserCode, UserError, Verb, Work, Written, input, of_item,
        rows::{self, follow},
    },
};

/// Most moves of one transfer.
const MAX_MOVES: usize = 100;
/// Characters of the longest name of a version.
const LONGEST_NAME: usize = 255;

/// `budgetTransfer`.
pub fn mutation() -> Mutation {
    let member = |name, ty, doc| Member { name, ty, doc };
    Mutation {
        name: "budgetTransfer".to_owned(),
        doc: "Moves money between the approved budgets of items: makes a new submitted version for each, with its lines; `budgetApprove` of one approves all. The moves sum to 0 in each currency.".to_owned(),
        needs: None,
        entity: "Budget",
        verb: Verb::Other,
        input: vec![
            member("moves", "[BudgetMoveInput!]!", "What each item gains or gives: 2 to 100, each item once."),
            member("name", "String", "What the new versions are called, at most 255 characters."),
        ],
        payload: vec![
            member("budgets", "[Budget]", "The new versions, in the order of the moves; null where there are errors."),
            member("transferId", "String", "What they have in common; null where there are errors."),
        ],
        inputs: vec![InputType {
            name: "BudgetMoveInput",
            doc: "What one item gains or gives.",
            members: vec![
                member("itemId", "ID!", "The item."),
                member("amount", "MoneyInput!", "What it gains; below 0 what it gives."),
            ],
        }],
        run: transfer,
    }
}

/// One move, as it was given.
struct Move {
    path: Path,
    item: Uuid,
    amount: i64,
    currency: String,
}

fn transfer<'a>(work: &'a mut Work<'_>, input: &'a ConstValue) -> BoxFuture<'a, Result<Done, Error>> {
    async move {
        let mut done = Done { count: 1, ..Done::default() };
        let moves = read(work, input);
        let ids: Vec<Uuid> = moves.iter().map(|m| m.item).collect();
        let items_entity = work.lens.model.entity("PortfolioItem");
        let scopes = work.lens.caller.takes(Step::BudgetSubmit);
        let held = work.lens.holds(items_entity, &ids, &[scopes]).await?;
        for m in &moves {
            let path = m.path.at("itemId");
            let error = match held.get(&m.item).map(|held| held[0]) {
                Some(true) => continue,
                Some(false) => {
                    let needs = Step::BudgetSubmit.as_str();
                    let line = format!("Moving money of this item needs {needs}.");
                    UserError::new(UserCode::Forbidden, path, line).with("needs", needs)
                }
                None => UserError::new(UserCode::NotFound, path, "There is no such item that you can see."),
            };
            work.errors.push((0, error));
        }
        if !work.errors.is_empty() {
            return Ok(done);
        }
        let items = rows::lock::<portfolio_item::Entity>(work, &ids).await?;
        let current = budget::Entity::find().filter(C::ItemId.is_in(ids.clone())).filter(C::State.eq("APPROVED"));
        let current: HashMap<Uuid, Model> =
            current.all(work.txn).await?.into_iter().map(|version| (version.item_id, version)).collect();
        let mut revisions = Revisions::of::<budget::Entity>(work, ids.into_iter()).await?;
        let transfer = work.clock.new_id().to_string();
        let entity = work.lens.model.entity("Budget");
        let (mut versions, mut lines) = (vec![], vec![]);
        for m in &moves {
            let (Some(item), Some(before)) = (items.get(&m.item), current.get(&m.item)) else {
                let line = "This item has no approved budget to move money from or to.";
                work.errors.push((0, UserError::rule(m.path.at("itemId"), "BUDGET_APPROVED", line)));
                continue;
            };
            if item.archived_at.is_some() {
                let line = "The item is archived; take it out of the archive first.";
                work.errors.push((0, UserError::new(UserCode::Immutable, m.path.at("itemId"), line)));
                continue;
            }
            if m.currency != before.currency {
                let line = format!("The money of this item is in {}.", before.currency);
                let error = UserError::new(UserCode::Invalid, m.path.at("amount").at("currency"), line);
                work.errors.push((0, error.with("currency", &before.currency)));
                continue;
            }
            let Some(amount) = rules::sum([before.amount.unwrap_or_default(), m.amount]).filter(|sum| *sum >= 0) else {
                let line = "The item would have less than nothing.";
                work.errors.push((0, UserError::new(UserCode::OutOfRange, m.path.at("amount").at("amount"), line)));
                continue;
            };
            if amount < before.allocated_amount {
                let line =
                    "The lines of the budget sum to more than would be left; take them out of a new version first.";
                work.errors.push((0, UserError::rule(m.path.at("amount"), "LINES_WITHIN_AMOUNT", line)));
            }
            let mut version = again(work, before);
            revisions.begin(&mut version, item);
            version.amount = Some(amount);
            version.transfer_id = Some(transfer.clone());
            if let Some(name) = input::text(input, "name") {
                version.name = Some(name);
            }
            hand_in(work, &mut version);
            lines.extend(lines_again(work, before.id, version.id).await?);
            let mut row = Row::made(entity, version);
            of_item::take_scope(&mut row, item);
            versions.push(row);
        }
        if !work.errors.is_empty() {
            return Ok(done);
        }
        let made: Vec<Uuid> = versions.iter().map(|row| row.after.id).collect();
        done.rows =
            made.iter().map(|id| Written { index: 0, id: Some(*id), prefix: "bud", status: "CREATED" }).collect();
        let refs: Vec<String> = made.iter().map(|id| crate::graph::encode_id("bud", *id)).collect();
        done.beside.insert("budgets".to_owned(), refs.into());
        done.beside.insert("transferId".to_owned(), transfer.into());
        follow::<budget::Entity>(work, versions).await?;
        follow::<entity::budget_line::Entity>(work, lines).await?;
        Ok(done)
    }
    .boxed()
}

/// The moves of the input; what is wrong with them by themselves is told here.
fn read(work: &mut Work<'_>, input: &ConstValue) -> Vec<Move> {
    let mut fail = |error: UserError| work.errors.push((0, error));
    let root = Path::input().at("moves");
    let given = input::member(input, "moves").map(listed).unwrap_or_default();
    if !(2..=MAX_MOVES).contains(&given.len()) {
        let line = format!("A transfer has 2 to {MAX_MOVES} moves.");
        fail(UserError::new(UserCode::OutOfRange, root, line).with("max", MAX_MOVES));
        return vec![];
    }
    if input::text(input, "name").is_some_and(|name| name.chars().count() > LONGEST_NAME || name.contains('\0')) {
        let line = format!("A name has at most {LONGEST_NAME} characters.");
        fail(UserError::new(UserCode::TooLong, Path::input().at("name"), line).with("max", LONGEST_NAME));
    }
    let (mut moves, mut seen): (Vec<Move>, _) = (vec![], BTreeSet::new());
    for (at, value) in given.into_iter().enumerate() {
        let path = root.at(at);
        let money = input::member(value, "amount").cloned().unwrap_or_default();
        let units = match amount(&input::member(&money, "amount").cloned().unwrap_or_default()) {
            Ok(units) => units,
            Err(e) => {
                fail(UserError::new(UserCode::Invalid, path.at("amount").at("amount"), e.message));
                continue;
            }
        };
        let Some((_, item)) = input::text(value, "itemId").as_deref().and_then(parse_id) else {
            fail(UserError::new(UserCode::Invalid, path.at("itemId"), "This is not an id."));
            continue;
        };
        if !seen.insert(item) {
            fail(UserError::new(UserCode::Duplicate, path.at("itemId"), "Another move names this item too."));
        }
        let currency = input::text(&money, "currency").unwrap_or_default();
        moves.push(Move { path, item, amount: units, currency });
    }
    let open = rules::unbalanced(moves.iter().map(|m| (m.currency.as_str(), m.amount)));
    if !open.is_empty() {
        let line = format!("The moves do not sum to 0 in {}.", open.join(", "));
        fail(UserError::rule(root, "TRANSFER_SUM", line).with("currencies", open.join(",")));
    }
    moves
}
