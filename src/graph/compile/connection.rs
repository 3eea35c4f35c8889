//! Connections: arguments, edges, page info, and where rows, figures and groups stand in them.

use super::{
    super::{
        collect::collect,
        decl::Entity,
        filter::leaves::fixed_leaves,
        json::FIGURES,
        plan::{ConnectionOp, Form, Level, Link, Op, Page, Source},
    },
    Asked, Compiler, argument, level, sets,
};
use crate::{auth::Scopes, error::Error};

impl<'d> Compiler<'d> {
    /// A connection's level.
    pub(super) fn connection(
        &mut self,
        entity: &'static Entity,
        link: Option<Link>,
        asked: &Asked<'d>,
    ) -> Result<Level, Error> {
        let scopes = self.rights.read(entity.class);
        let mut level = level(Source::new(entity, scopes), link, None);
        let take = |name| argument(asked, name);
        level.page = Page {
            filter: take("filter"),
            order: take("orderBy"),
            first: take("first"),
            last: take("last"),
            after: take("after"),
            before: take("before"),
            ..Page::default()
        };
        level.page.leaves = fixed_leaves(&level.page, self.model, entity);
        let type_name = format!("{}Connection", entity.name);
        let mut shape = vec![];
        let mut open = "{";
        for (key, fields) in collect(self.model, self.fragments, self.variables, &sets(asked), &type_name) {
            lit_shape(&mut shape, &format!("{open}\"{key}\":"));
            open = ",";
            self.path.push(key.to_owned());
            match fields[0].node.name.node.as_str() {
                "__typename" => lit_shape(&mut shape, &format!("\"{type_name}\"")),
                "nodes" => {
                    self.path.push("*".into());
                    let Level { source, children, .. } = &mut level;
                    let ops = self.entity(source, children, 0, entity, scopes, &sets(&fields))?;
                    self.path.pop();
                    shape.push(ConnectionOp::Rows(level.rows.len()));
                    level.rows.push(ops);
                }
                "edges" => {
                    self.path.push("*".into());
                    let ops = self.edge(&mut level, entity, scopes, &fields)?;
                    self.path.pop();
                    shape.push(ConnectionOp::Rows(level.rows.len()));
                    level.rows.push(ops);
                }
                "pageInfo" => self.page_info(&mut level.page, &fields, &mut shape),
                "totalCount" => {
                    level.totals.get_or_insert_default();
                    shape.push(ConnectionOp::Totals(vec![Op::Cell(FIGURES, Form::Count)]));
                }
                "aggregate" => {
                    let totals = level.totals.get_or_insert_default();
                    let ops = self.figures(
                        &format!("{}Aggregate", entity.name),
                        entity,
                        scopes,
                        totals,
                        &sets(&fields),
                        None,
                    )?;
                    shape.push(ConnectionOp::Totals(ops));
                }
                "groups" => {
                    self.path.push("*".into());
                    let groups = self.groups(entity, scopes, &fields)?;
                    self.path.pop();
                    shape.push(ConnectionOp::Groups(level.groups.len()));
                    level.groups.push(groups);
                }
                other => return Err(Error::internal(format!("{type_name}.{other} is not compiled"))),
            }
            self.path.pop();
        }
        lit_shape(&mut shape, if open == "{" { "{}" } else { "}" });
        level.shape = shape;
        Ok(level)
    }

    fn edge(
        &mut self,
        level: &mut Level,
        entity: &'static Entity,
        scopes: Scopes,
        asked: &Asked<'d>,
    ) -> Result<Vec<Op>, Error> {
        let Level { source, children, page, .. } = level;
        self.object(&format!("{}Edge", entity.name), &sets(asked), |this, name, fields| {
            if name == "cursor" {
                page.cursors = true;
                page.row_cursors = true;
                return Ok(vec![Op::Cursor]);
            }
            this.entity(source, children, 0, entity, scopes, &sets(fields))
        })
    }

    fn page_info(&mut self, page: &mut Page, asked: &Asked<'d>, shape: &mut Vec<ConnectionOp>) {
        let mut open = "{";
        for (key, fields) in collect(self.model, self.fragments, self.variables, &sets(asked), "PageInfo") {
            lit_shape(shape, &format!("{open}\"{key}\":"));
            open = ",";
            match fields[0].node.name.node.as_str() {
                "hasNextPage" => {
                    page.probes = true;
                    shape.push(ConnectionOp::HasNext);
                }
                "hasPreviousPage" => {
                    page.probes = true;
                    shape.push(ConnectionOp::HasPrevious);
                }
                "startCursor" => {
                    page.cursors = true;
                    shape.push(ConnectionOp::Start);
                }
                "endCursor" => {
                    page.cursors = true;
                    shape.push(ConnectionOp::End);
                }
                _ => lit_shape(shape, "\"PageInfo\""),
            }
        }
        lit_shape(shape, if open == "{" { "{}" } else { "}" });
    }
}

fn lit_shape(ops: &mut Vec<ConnectionOp>, text: &str) {
    if let Some(ConnectionOp::Lit(last)) = ops.last_mut() {
        last.extend_from_slice(text.as_bytes());
    } else {
        ops.push(ConnectionOp::Lit(text.as_bytes().to_vec()));
    }
}
