//! A level's arguments with the values of this request, and checked.

use async_graphql_value::Value;

use super::{
    super::{
        cursor::{self, ListHash},
        plan::{Level, Lookup},
        statement::{RowLimit, Shape},
    },
    Run,
};
use crate::error::{Code, Error};

/// Rows of a page when a request does not say.
pub const PAGE_DEFAULT: usize = 50;

/// A level's arguments with this request's values.
pub(super) struct Asked {
    pub(super) by: Option<Value>,
    /// The list's own condition.
    pub(super) condition: Option<Value>,
    pub(super) filter: Option<Value>,
    pub(super) order: Option<Value>,
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) limit: usize,
    pub(super) backward: bool,
}

impl Asked {
    pub(super) fn shape(&self, limit: RowLimit) -> Shape<'_> {
        let (condition, filter) = (self.condition.as_ref(), self.filter.as_ref());
        Shape { by: None, condition, filter, order: None, cursor: None, backward: false, limit }
    }
}

impl Run<'_> {
    /// The arguments with variables replaced, and checked.
    pub(super) fn asked(&self, level: &Level) -> Result<Asked, Error> {
        let page = &level.page;
        let text = |v: &Option<Value>| match self.settled(v.as_ref()) {
            Some(Value::String(s)) if !s.is_empty() => Some(s),
            _ => None,
        };
        let (first, last) = (self.number(page.first.as_ref())?, self.number(page.last.as_ref())?);
        if first.is_some() && last.is_some() {
            return Err(Error::new(Code::BadVariables, "Give `first` or `last`, not both."));
        }
        let backward = last.is_some();
        let limit = first.or(last).unwrap_or(PAGE_DEFAULT);
        if limit > self.limits.page {
            return Err(Error::new(
                Code::PageSizeTooLarge,
                format!("A page holds at most {} rows; take the next page with `after`.", self.limits.page),
            ));
        }
        let by = match &level.lookup {
            Some(Lookup::Ref(by)) => self.settled(Some(by)),
            Some(Lookup::Keys) | None => None,
        };
        Ok(Asked {
            by,
            condition: page.day.as_ref().and_then(|(list, on)| list.filter(self.settled(on.as_ref()))),
            filter: self.settled(page.filter.as_ref()).filter(|v| *v != Value::Null),
            order: self.settled(page.order.as_ref()).filter(|v| *v != Value::Null),
            after: text(&page.after),
            before: text(&page.before),
            limit,
            backward,
        })
    }

    /// A number of rows.
    pub fn number(&self, value: Option<&Value>) -> Result<Option<usize>, Error> {
        match self.settled(value) {
            Some(Value::Number(n)) => match n.as_i64().and_then(|n| usize::try_from(n).ok()) {
                Some(n) => Ok(Some(n)),
                None => Err(Error::new(Code::BadVariables, "A number of rows must not be negative.")),
            },
            _ => Ok(None),
        }
    }

    /// A value with variables replaced; a member whose variable has no value is not there.
    fn settled(&self, value: Option<&Value>) -> Option<Value> {
        Some(match value? {
            Value::Variable(name) => self.variables.get(name.as_str())?.clone().into_value(),
            Value::List(items) => {
                Value::List(items.iter().map(|v| self.settled(Some(v)).unwrap_or(Value::Null)).collect())
            }
            Value::Object(map) => {
                Value::Object(map.iter().filter_map(|(k, v)| Some((k.clone(), self.settled(Some(v))?))).collect())
            }
            constant => constant.clone(),
        })
    }

    /// What a cursor of this list is good for.
    pub(super) fn list_hash(level: &Level, asked: &Asked) -> ListHash {
        let filter: String = [&asked.condition, &asked.filter].into_iter().flatten().map(canonical).collect();
        // One step and a list of one step are the same order, and so are none and an empty list.
        let order = match &asked.order {
            None => String::new(),
            Some(Value::List(steps)) => steps.iter().map(canonical).collect::<Vec<_>>().join(","),
            Some(step) => canonical(step),
        };
        cursor::list_hash(level.source.entity.name, &filter, &order)
    }
}

/// One text for equal inputs: members in alphabetical order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().map(|(k, v)| format!("{k}:{}", canonical(v))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::List(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        // An enumeration value arrives as a name in a document and as text in a variable: the list is the same.
        Value::Enum(name) => format!("\"{name}\""),
        other => other.to_string(),
    }
}
