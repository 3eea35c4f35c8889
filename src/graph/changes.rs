//! `changes` as a root field: its arguments read, its page or event as a tree of values. The feed decides what is told;
//! rows are answered by the read path, with the same rights.

use std::sync::Arc;

use async_graphql_value::{ConstValue, Value, indexmap::IndexMap};
use chrono::SecondsFormat;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    collect::Variables,
    cost::CONNECTION,
    decl::{Entity, Model},
    engine::Engine,
    execute::settled,
    id, input,
    run::{MAX_NODES, PAGE_DEFAULT, Run, node_id},
    schema::changes::change_type,
    tree::Tree,
};
use crate::{
    error::{Code, Error},
    events::{Change, Selection, Watermark},
};

/// The arguments of `changes`, as written.
pub struct Asked {
    /// `types`, or the member of the filter.
    pub types: Value,
    /// The filter of a subscription.
    pub filter: Value,
    /// `since`, or `after`.
    pub since: Value,
    /// `first`.
    pub first: Value,
}

impl Asked {
    /// What is followed.
    pub fn selection(&self, model: &'static Model, variables: &Variables) -> Result<Selection, Error> {
        let filter = match settled(&self.filter, variables) {
            ConstValue::Object(members) => members,
            _ => IndexMap::default(),
        };
        let types = match settled(&self.types, variables) {
            ConstValue::Null => filter.get("types").cloned().unwrap_or_default(),
            types => types,
        };
        let names: Vec<String> = input::listed(&types).iter().filter_map(|v| input::text(v)).collect();
        let wanted = |e: &&Entity| types == ConstValue::Null || names.contains(&change_type(e));
        let entities = model.followed().filter(wanted).collect();
        let Some(ids) = filter.get("ids").filter(|ids| **ids != ConstValue::Null) else {
            return Ok(Selection::new(entities, None));
        };
        let ids = input::listed(ids);
        if ids.len() > MAX_NODES {
            return Err(Error::new(Code::PageSizeTooLarge, format!("At most {MAX_NODES} ids at a time.")));
        }
        let read = |v: &ConstValue| Ok(node_id(model, &input::text(v).unwrap_or_default())?.1);
        let ids: Arc<[Uuid]> = ids.iter().map(|v| read(v)).collect::<Result<_, Error>>()?;
        Ok(Selection::new(entities, Some(ids)))
    }

    /// The text of the cursor, if one was given.
    pub fn cursor(&self, variables: &Variables) -> Option<String> {
        input::text(&settled(&self.since, variables)).filter(|text| !text.is_empty())
    }
}

impl Engine {
    /// The JSON of a page.
    pub(super) async fn changes(
        &self,
        run: &mut Run<'_>,
        asked: &Asked,
        tree: &Tree,
        errors: &mut Vec<Error>,
    ) -> Result<Vec<u8>, Error> {
        let limit = run.number(Some(&asked.first))?.unwrap_or(PAGE_DEFAULT);
        if limit > run.limits.page {
            let line = format!("A page holds at most {} changes; go on with its watermark.", run.limits.page);
            return Err(Error::new(Code::PageSizeTooLarge, line));
        }
        let selection = asked.selection(self.model, run.variables)?;
        // Whoever writes and then asks finds what she wrote.
        self.events.sequence_soon().await;
        let feed = &self.events.feed;
        let from = match asked.cursor(run.variables) {
            Some(text) => feed.read(&text)?,
            None => feed.start().await?,
        };
        let page = feed.advance(run.caller, &from, &selection, limit).await?.by_row();
        run.session.spend(CONNECTION + page.changes.len());
        let values = json!({
            "changes": page.changes.iter().map(|change| self.event(change)).collect::<Vec<_>>(),
            "watermark": page.watermark.fresh_text(&feed.signer)?,
            "hasMore": page.has_more,
        });
        self.project(run, tree, &values, errors).await
    }

    /// The values of an event.
    pub(super) fn event(&self, change: &Change) -> Json {
        let name = id::encode(change.entity.prefix.unwrap_or("row"), change.id);
        let cause = change.cause.as_ref().map(|cause| {
            let actor = cause.actor.map(|actor| id::encode("per", actor));
            json!({ "requestId": cause.request_id, "mutation": cause.mutation, "actor": actor })
        });
        json!({
            "__typename": "ChangeEvent",
            "cursor": change.cursor.text(&self.events.feed.signer),
            "at": change.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "kind": if change.version.is_some() { "UPSERT" } else { "TOMBSTONE" },
            "type": change_type(change.entity),
            "id": name,
            "version": change.version.map(|version| version.to_string()),
            "node": change.version.map(|_| name.clone()),
            "causedBy": cause,
        })
    }

    /// The values of a reset.
    pub(super) fn reset(&self, from: &Watermark) -> Result<Json, Error> {
        Ok(json!({
            "__typename": "StreamReset",
            "reason": "RETENTION",
            "resumeFrom": from.fresh_text(&self.events.feed.signer)?,
        }))
    }
}
