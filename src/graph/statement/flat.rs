//! The statement for all rows of a source by id: no page and no cursor, only what the caller sees and asks for.

use async_graphql_value::Value;

use super::{
    super::{
        filter::Filter,
        plan::{RowsStatement, Source},
        sql::Sql,
    },
    Builder, columns, from_rows, order_by,
};
use crate::error::Error;

impl Builder<'_> {
    /// All rows that meet every one of these filters, each with the limits of a filter of its own.
    pub fn all_rows(&self, source: &Source, filters: &[Value]) -> Result<RowsStatement, Error> {
        let keys = self.order(source.entity, source.scopes, None)?;
        let mut sql = Sql::new(self.dialect, self.rights);
        sql.push("SELECT ");
        columns(&mut sql, source, &keys, false, false);
        from_rows(&mut sql, source, None);
        sql.visible(0, source.entity, source.scopes, " AND ");
        let mut checks = vec![];
        for value in filters {
            let mut filter = Filter::new(self.model, self.rights);
            filter.write(&mut sql, 0, source.entity, source.scopes, value)?;
            checks.extend(self.checks(&filter));
        }
        order_by(&mut sql, &keys);
        Ok(RowsStatement { statement: sql.finish(), keys, checks })
    }
}
