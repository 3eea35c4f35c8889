//! `viewerAccess`, compiled: the answer that a mutation would give, from the same scopes.

use super::{Asked, Compiler, sets};
use crate::{
    auth::Scopes,
    error::Error,
    graph::{
        decl::{Entity, Kind},
        plan::{ColumnType, Op, Source},
    },
};

impl<'d> Compiler<'d> {
    pub(super) fn viewer_access(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        rows: Scopes,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let scopes = entity.writes(self.rights);
        let is_written = self.model.mutations.iter().any(|m| m.entity == entity.name);
        let mut say = |can: bool, reason: &str| {
            self.object("ViewerAccess", &sets(asked), |_, name, _| {
                let text = match name {
                    "canRead" => "true".to_owned(),
                    "canWrite" => can.to_string(),
                    _ => reason.to_owned(),
                };
                Ok(vec![Op::Lit(text.into_bytes())])
            })
        };
        if scopes.is_empty() || !is_written {
            return say(false, "\"ROLE\"");
        }
        // A right on some rows is a right on none of a directory, whose rows relate to nobody.
        if entity.rows.is_common() && !scopes.is_all() {
            return say(false, "\"ROW\"");
        }
        let yes = say(true, "null")?;
        let yes = match entity.field("archivedAt").map(|field| &field.kind) {
            Some(Kind::Scalar { column, .. }) => {
                let archived = say(false, "\"ARCHIVED\"")?;
                vec![Op::IfNull(source.column(alias, column, ColumnType::Instant), yes, archived)]
            }
            _ => yes,
        };
        if scopes.covers(rows) {
            return Ok(yes);
        }
        let no = say(false, "\"ROW\"")?;
        Ok(vec![Op::If(source.flag(alias, entity.rows, scopes), yes, no)])
    }
}
