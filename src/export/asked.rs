//! The parameters of an export's address. Each is known, stands once and can be read, or the export is refused by name.

use serde_json::Value as Json;

use crate::{
    error::{Code, Error},
    graph::flat,
};

const PARAMETERS: [&str; 3] = ["columns", "filter", "changedSince"];

/// What an address asks for.
#[derive(Debug, Default)]
pub struct Asked {
    columns: Option<Vec<String>>,
    filter: Option<Json>,
    changed_since: Option<String>,
}

impl Asked {
    /// Reads the parameters. An empty one counts as absent, since some tools cannot leave one out.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Self, Error> {
        let mut asked = Self::default();
        let mut seen = vec![];
        for (name, text) in pairs {
            let Some(known) = PARAMETERS.iter().find(|known| **known == name) else {
                let list = PARAMETERS.join(", ");
                return refuse(format!("There is no parameter `{}`; there are {list}.", name.escape_debug()));
            };
            if seen.contains(known) {
                return refuse(format!("The parameter `{known}` occurs more than once."));
            }
            seen.push(known);
            if text.is_empty() {
                continue;
            }
            match *known {
                "columns" => asked.columns = Some(text.split(',').map(|name| name.trim().to_owned()).collect()),
                "filter" => asked.filter = Some(json(&text)?),
                _ => asked.changed_since = Some(text),
            }
        }
        Ok(asked)
    }

    /// The same, of a list.
    pub fn of<'a>(&'a self, list: &'a str) -> flat::Asked<'a> {
        flat::Asked {
            list,
            columns: self.columns.as_deref(),
            filter: self.filter.clone(),
            changed_since: self.changed_since.as_deref(),
        }
    }
}

fn json(text: &str) -> Result<Json, Error> {
    // The reader's own text may quote the input: only the place is told.
    serde_json::from_str(text).or_else(|e| {
        refuse(format!("The parameter `filter` is not valid JSON (line {}, column {}).", e.line(), e.column()))
    })
}

fn refuse<T>(line: String) -> Result<T, Error> {
    Err(Error::new(Code::BadRequest, line))
}
