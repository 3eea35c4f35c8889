//! Pages of lists that functions answer: their cursors are signed as those of all lists, and good for the same question only.
//! None is longer than it may be.

use async_graphql_value::ConstValue;
use serde_json::Value as Json;

use super::{
    super::{
        cell::Cell,
        cursor::{ListHash, encode, list_hash},
        input,
        plan::ColumnType,
        value::DbValue,
    },
    Asking,
};
use crate::error::{Code, Error};

/// Arguments that say which page it is, and not of what.
const OF_PAGE: [&str; 2] = ["first", "after"];

impl Asking<'_, '_> {
    /// How many rows are asked for; fails where they are more than the most.
    pub fn first(&self, usual: usize, most: usize) -> Result<usize, Error> {
        let ConstValue::Number(first) = self.argument("first") else { return Ok(usual) };
        let first = first.as_i64().and_then(|first| usize::try_from(first).ok());
        match first {
            Some(first) if first <= most => Ok(first),
            Some(_) => {
                let line = format!("A page holds at most {most} rows here; take the next page with `after`.");
                Err(Error::new(Code::PageSizeTooLarge, line))
            }
            None => Err(Error::new(Code::BadVariables, "A number of rows must not be negative.")),
        }
    }

    /// The cursor of a row of a list, by what tells where it stands.
    pub(crate) fn cursor(&self, list: &str, keys: &[Cell<'_>]) -> String {
        let mut bytes = vec![];
        for key in keys {
            encode(&mut bytes, key, ColumnType::Text);
        }
        self.signer.sign(self.list_hash(list), &bytes)
    }

    /// What tells where the row stands that the page comes after; none for the first page.
    pub(crate) fn after(&self, list: &str) -> Result<Option<Vec<Option<DbValue>>>, Error> {
        match input::text(self.argument("after")) {
            Some(text) if !text.is_empty() => self.signer.open(&text, self.list_hash(list)).map(Some),
            _ => Ok(None),
        }
    }

    fn list_hash(&self, list: &str) -> ListHash {
        let mut asked = self.args.clone().into_json().unwrap_or(Json::Null);
        if let Json::Object(members) = &mut asked {
            for name in OF_PAGE {
                members.remove(name);
            }
        }
        list_hash(list, &canonical(&asked), "")
    }
}

/// One text for equal inputs: members in alphabetical order.
fn canonical(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let mut members: Vec<_> = map.iter().map(|(name, value)| format!("{name}:{}", canonical(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
