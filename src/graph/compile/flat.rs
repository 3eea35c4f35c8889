//! An entity's fields as flat columns. What a column may show is decided by the functions that decide it for documents.

use super::{
    super::{
        decl::{Entity, Field, Kind, Model},
        plan::{AccessEntry, ColumnType, Expr, Form, Op, Source},
        value::MONEY_SCALE,
    },
    Compiler, declared,
};
use crate::{
    auth::Scopes,
    error::{Code, Error},
};

/// A column that an entity has, whoever asks.
pub struct Place {
    /// Its name in files.
    pub name: String,
    /// Whether it holds text that people or other systems write.
    pub is_text: bool,
    field: &'static str,
    part: Part,
}

/// What of a field a column holds.
#[derive(Clone, Copy)]
enum Part {
    /// All of it.
    Value,
    /// The type of the row itself, where rows have several.
    RowType,
    /// Of money.
    Amount,
    /// Of money.
    Currency,
    /// Of the row at the end of a link.
    TargetType,
    /// Of the row at the end of a link.
    TargetId,
    /// Of the row at the end of a link.
    TargetKey,
}

/// The columns of an entity in the order of its declaration.
pub fn places(model: &Model, entity: &Entity) -> Vec<Place> {
    let mut out = vec![];
    for f in &entity.fields {
        let mut add = |ending: &str, is_text, part| {
            out.push(Place { name: format!("{}{ending}", f.name), is_text, field: f.name, part });
        };
        match &f.kind {
            Kind::Id => {
                add("", false, Part::Value);
                if !entity.members.is_empty() {
                    out.push(Place { name: "type".into(), is_text: false, field: f.name, part: Part::RowType });
                }
            }
            Kind::Scalar { ty, .. } => add("", ty.is_text(), Part::Value),
            Kind::Enum { .. } | Kind::Enums { .. } | Kind::Texts { .. } => add("", false, Part::Value),
            Kind::Money { .. } => {
                add("Amount", false, Part::Amount);
                add("Currency", false, Part::Currency);
            }
            Kind::One { to, .. } => {
                add("Id", false, Part::TargetId);
                if model.concrete(model.entity(to)).iter().all(|e| e.keyed) {
                    add("Key", true, Part::TargetKey);
                }
            }
            Kind::Union { .. } => {
                add("Type", false, Part::TargetType);
                add("Id", false, Part::TargetId);
            }
            Kind::Many { .. } | Kind::ViewerAccess | Kind::Trail { .. } | Kind::Answer(_) => {}
        }
    }
    out
}

/// The steps of a column, with the entries of what may be masked in it.
pub struct Compiled {
    /// The steps.
    pub ops: Vec<Op>,
    /// Numbers of its entries.
    pub entries: std::ops::Range<usize>,
    /// Whether the caller can never read it.
    pub is_denied: bool,
}

impl Compiler<'_> {
    /// The steps of one column over rows of an entity.
    pub fn column(
        &mut self,
        source: &mut Source,
        entity: &'static Entity,
        rows: Scopes,
        place: &Place,
    ) -> Result<Compiled, Error> {
        let first = self.access.len();
        let ops = self.by_type(source, 0, entity, |this, source, entity, _| {
            this.part(source, 0, entity, declared(entity, place.field)?, rows, place.part)
        })?;
        Ok(Compiled { is_denied: is_denied(&ops), ops, entries: first..self.access.len() })
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.access.len()
    }

    /// The refusal of a column that was asked for by name and that an entry says is never readable.
    pub fn refusal(&self, entry: usize, column: &str) -> Error {
        let AccessEntry { coordinate, needs, .. } = &self.access[entry];
        Error::new(Code::Forbidden, format!("The column `{column}` needs {needs}.")).about(coordinate)
    }

    fn part(
        &mut self,
        source: &mut Source,
        alias: usize,
        entity: &'static Entity,
        field: &'static Field,
        rows: Scopes,
        part: Part,
    ) -> Result<Vec<Op>, Error> {
        let arms = match &field.kind {
            Kind::One { column, to } => vec![(*column, *to)],
            Kind::Union { arms, .. } => arms.clone(),
            _ => {
                return self.guarded(source, alias, entity, field, rows, |this, source, only| {
                    let mut read = |column, ty| source.read(Expr::new(alias, column, only, ty));
                    Ok(match (&field.kind, part) {
                        (_, Part::RowType) => name(entity),
                        (Kind::Money { amount, .. }, Part::Amount) => {
                            vec![Op::Cell(read(amount, ColumnType::Int), Form::Decimal(MONEY_SCALE))]
                        }
                        // Null where there is no amount, as the whole is for a document.
                        (Kind::Money { amount, currency, .. }, _) => {
                            let currency = Op::Cell(read(currency, ColumnType::Text), Form::Text);
                            vec![Op::Present(read(amount, ColumnType::Int), vec![currency])]
                        }
                        _ => this.leaf(source, alias, entity, field, only, &[])?,
                    })
                });
            }
        };
        let wanted = match part {
            Part::TargetType => None,
            Part::TargetKey => Some("key"),
            _ => Some("id"),
        };
        let mut ends = vec![];
        for (column, to) in &arms {
            let Some(end) = self.follow(source, (alias, column), to) else { continue };
            let steps = self.by_type(source, end.alias, end.entity, |this, source, entity, _| {
                let Some(wanted) = wanted else { return Ok(name(entity)) };
                this.part(source, end.alias, entity, declared(entity, wanted)?, end.scopes, Part::Value)
            })?;
            ends.push((end.present, steps));
        }
        if ends.is_empty() {
            let needs = self.model.entity(arms[0].1).class.read();
            return Ok(vec![Op::Denied(self.deny(format!("{}.{}", entity.name, field.name), needs, "ROLE"))]);
        }
        Ok(vec![Op::First(ends)])
    }
}

fn name(entity: &Entity) -> Vec<Op> {
    vec![Op::Lit(format!("\"{}\"", entity.name).into_bytes())]
}

/// Whether steps give nothing but a mask, on rows of every type.
fn is_denied(ops: &[Op]) -> bool {
    match ops {
        [Op::Denied(_)] => true,
        [Op::Switch(_, arms)] => arms.iter().all(|(_, ops)| is_denied(ops)),
        _ => false,
    }
}
