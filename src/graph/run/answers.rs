//! Fields that functions answer: asked once for all rows of a level, shown as far as the document asks.

use std::{collections::HashMap, sync::Arc};

use async_graphql_value::ConstValue;
use serde_json::json;
use uuid::Uuid;

use super::{
    super::{
        cell::{Cell, Row},
        collect::Variables,
        cost::own_of_answer,
        decl::Asking,
        input,
        lasting::{Asked as Question, Made},
        plan::{AskedAnswer, BelowAnswer, ColumnType, Level},
        schema::Types,
        tree::{Answers, Slot, Tree},
    },
    Pieces, Run,
};
use crate::error::Error;

impl AskedAnswer {
    /// The arguments, each coerced to its type; those without a value are not there.
    pub(in crate::graph) fn arguments(&self, types: &Types, variables: &Variables) -> Result<ConstValue, Error> {
        let declared = self.answer.args.iter().map(|arg| (arg.name, arg.ty));
        Ok(ConstValue::Object(input::arguments(types, declared, &self.args, variables)?))
    }
}

impl Run<'_> {
    /// The JSON of a root field.
    pub async fn answer(&mut self, asked: &AskedAnswer) -> Result<Vec<u8>, Error> {
        let made = self.answers(asked, None).await?;
        made.pieces.last().cloned().ok_or_else(|| Error::internal("a field without an answer"))
    }

    /// The JSON for each row of a level; empty for rows of other types.
    pub(super) async fn answer_below(
        &mut self,
        below: &BelowAnswer,
        rows: &[Row],
        base: usize,
    ) -> Result<Pieces, Error> {
        let (mut keys, mut owners) = (vec![], vec![]);
        for (at, row) in rows.iter().enumerate() {
            let text = |column| row.at(base + column, ColumnType::Text);
            let kind_fits = below.only.is_none_or(|(column, kind)| text(column) == Cell::Text(kind));
            if let (true, Cell::Id(id)) = (kind_fits, row.at(base + below.parent, ColumnType::Id)) {
                keys.push(Uuid::from_bytes(id));
                owners.push(at);
            }
        }
        let mut pieces = Pieces { buffer: vec![], ranges: vec![(0, 0); rows.len()] };
        if keys.is_empty() {
            return Ok(pieces);
        }
        for (piece, owner) in self.answers(&below.asked, Some(&keys)).await?.pieces.iter().zip(owners) {
            let from = pieces.buffer.len();
            pieces.buffer.extend_from_slice(piece);
            pieces.ranges[owner] = (from, pieces.buffer.len());
        }
        Ok(pieces)
    }

    /// What is answered, found out anew where anything was written since it was last.
    async fn answers(&mut self, asked: &AskedAnswer, parents: Option<&[Uuid]>) -> Result<Arc<Made>, Error> {
        let args = asked.arguments(self.types, self.variables)?;
        let stamp = self.session.stamp().await?;
        let (lasting, variables, caller, today) = (self.lasting, self.variables, self.caller, self.today);
        let question = Question { field: asked, args: &args, variables, parents, caller, today };
        let finding = async { self.make(asked, args.clone(), parents).await.map(Arc::new) };
        let (made, is_new) = lasting.get(&question, &stamp, finding).await?;
        if !is_new {
            self.session.spend(made.cost);
            self.masked.iter_mut().zip(&made.masked).for_each(|(all, some)| *all += some);
        }
        Ok(made)
    }

    async fn make(&mut self, asked: &AskedAnswer, args: ConstValue, parents: Option<&[Uuid]>) -> Result<Made, Error> {
        let (cost, masked) = (self.session.cost, self.masked.clone());
        let (today, now) = (self.today, self.now);
        let (tree, signer, model) = (&asked.tree, self.signer, self.model);
        self.session.spend(own_of_answer(asked, &args, parents.map_or(1, <[Uuid]>::len), today).own);
        let mut asking = Asking { session: &mut self.session, model, parents, args, today, now, tree, signer };
        let values = (asked.answer.run)(&mut asking).await?;
        let values: Vec<_> = values.into_iter().map(|value| json!({ asked.answer.name: value })).collect();
        let mut out = vec![];
        let answers = self.named(&asked.tree, &values).await?;
        for value in &values {
            let mut piece = vec![];
            asked.tree.write(&mut piece, value, &answers, &mut self.masked);
            out.push(piece);
        }
        let masked = self.masked.iter().zip(masked).map(|(after, before)| after - before).collect();
        Ok(Made { pieces: out, masked, cost: self.session.cost - cost })
    }

    /// The rows that trees name, each read once.
    async fn named(&mut self, tree: &Tree, values: &[serde_json::Value]) -> Result<Answers, Error> {
        let mut answers = Answers::default();
        let mut ids: Vec<Vec<(String, Uuid)>> = vec![vec![]; tree.slots.len()];
        for value in values {
            for (all, some) in ids.iter_mut().zip(tree.ids(value)) {
                all.extend(some);
            }
        }
        for (slot, mut ids) in tree.slots.iter().zip(ids) {
            ids.sort_unstable();
            ids.dedup();
            answers.rows.push(self.slot(slot, &ids).await?);
        }
        Ok(answers)
    }

    /// Rows of a slot by id, those that are there for the caller.
    pub async fn slot(&mut self, slot: &Slot, ids: &[(String, Uuid)]) -> Result<HashMap<Uuid, Vec<u8>>, Error> {
        match slot {
            _ if ids.is_empty() => Ok(HashMap::new()),
            Slot::Row(level) => {
                let ids: Vec<Uuid> = ids.iter().map(|(_, id)| *id).collect();
                Box::pin(self.by_ids(level, &ids)).await
            }
            Slot::Node(levels) => {
                let found = Box::pin(self.by_names(levels, ids)).await?;
                Ok(found.into_iter().map(|((_, id), row)| (id, row)).collect())
            }
            // A query below belongs to payloads, which the engine projects.
            Slot::Query(_) => Err(Error::internal("a query below a field that a function answers")),
        }
    }

    /// Rows by type and id, those that are there for the caller.
    pub async fn by_names<'i>(
        &mut self,
        levels: &HashMap<&'static str, Level>,
        ids: &'i [(String, Uuid)],
    ) -> Result<HashMap<(&'i str, Uuid), Vec<u8>>, Error> {
        let mut found = HashMap::new();
        let mut prefixes: Vec<&str> = ids.iter().map(|(p, _)| p.as_str()).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in prefixes {
            let Some(level) = levels.get(prefix) else { continue };
            let mut of: Vec<Uuid> = ids.iter().filter(|(p, _)| p == prefix).map(|(_, id)| *id).collect();
            of.sort_unstable();
            of.dedup();
            found.extend(self.by_ids(level, &of).await?.into_iter().map(|(id, row)| ((prefix, id), row)));
        }
        Ok(found)
    }
}
