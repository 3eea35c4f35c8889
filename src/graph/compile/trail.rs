//! The changes of an audit entry, compiled: where the values of each class may be read, and the items behind changed
//! links. An item is joined under the right to see items, as every link is.

use super::{Asked, Compiler, sets};
use crate::{
    auth::{Class, Scopes},
    graph::{
        collect::collect,
        decl::{Column, Entity, KIND},
        limit::{Limit, limit},
        plan::{ColumnType, Source},
        trail::{CHANGE, Link, Member, Reading, Side, Trail},
        tree::TYPE_NAME,
    },
};

impl<'d> Compiler<'d> {
    /// The changes of an entry: their members in the order asked, each value under the right of its class.
    pub(super) fn trail(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &Entity,
        rows: Scopes,
        (column, links): (Column, (Column, Column)),
        asked: &Asked<'d>,
    ) -> Trail {
        let mut members = vec![];
        self.path.push("*".into());
        for (key, fields) in collect(self.model, self.fragments, self.variables, &sets(asked), CHANGE) {
            self.path.push(key.to_owned());
            let member = match fields[0].node.name.node.as_str() {
                TYPE_NAME => Member::TypeName,
                "field" => Member::Field,
                "needs" => Member::Needs,
                "before" => self.side_of_trail(source, alias, entity, rows, Side::Before),
                _ => self.side_of_trail(source, alias, entity, rows, Side::After),
            };
            self.path.pop();
            members.push((key.to_owned(), member));
        }
        self.path.pop();
        Trail {
            changes: source.column(alias, column, ColumnType::Text),
            members,
            links: [links.0, links.1].map(|column| self.link_of_trail(source, alias, column)),
        }
    }

    /// Where the values of one side may be read, by class.
    fn side_of_trail(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &Entity,
        rows: Scopes,
        side: Side,
    ) -> Member {
        let mut readings = vec![];
        for class in Class::ALL {
            let scopes = self.rights.read(class);
            let mut deny = |reason| self.deny(format!("{CHANGE}.{}", side.name()), class.read(), reason);
            let reading = match limit(entity, class, scopes, rows) {
                Limit::Free => Reading::Free,
                Limit::Where(scopes) => Reading::Where(source.flag(alias, entity.rows, scopes), deny("ROW")),
                Limit::Never => Reading::Never(deny("ROLE")),
            };
            readings.push((class.as_str(), reading));
        }
        Member::Value(side, readings)
    }

    /// The item behind a column of the entry; none where the caller sees no items.
    fn link_of_trail(&self, source: &mut Source, alias: usize, column: Column) -> Option<Link> {
        let items = self.model.entity("PortfolioItem");
        let scopes = self.rights.read(items.class);
        if scopes.is_empty() {
            return None;
        }
        let joined = source.join((alias, column), items, scopes);
        let members = self.model.concrete(items);
        let prefixes = members.iter().filter_map(|m| Some((m.kind?, m.prefix?))).collect();
        Some(Link {
            id: source.column(joined, "id", ColumnType::Id),
            kind: source.column(joined, KIND, ColumnType::Text),
            prefixes,
        })
    }
}
