//! What functions answered, kept for as long as nothing is written: figures over many rows that screens ask for again and
//! again. The database names what it holds now (its stamp); under the same name the same caller would be told the same.

use std::{num::NonZeroUsize, sync::Arc};

use async_graphql_value::ConstValue;
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    collect::Variables,
    follow::eyes_of,
    kept::{Tally, Use},
    plan::AskedAnswer,
};
use crate::{auth::Caller, error::Error, events::shared::Shared};

/// Answers kept.
const MOST: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
/// Bytes of the largest that is kept.
const LARGE: usize = 32 * 1024;

/// Answers that were given.
pub struct Lasting {
    kept: Shared<Name, Arc<Made>>,
    uses: Tally,
}

/// All that an answer depends on, as one hash.
type Name = [u8; 32];

/// What was answered: JSON for each row that was asked about, and what it counted.
#[derive(Debug, Default)]
pub struct Made {
    /// The JSON.
    pub pieces: Vec<Vec<u8>>,
    /// How often each entry of the plan was masked in it.
    pub masked: Vec<u32>,
    /// What it cost.
    pub cost: usize,
}

/// What is asked, by whom, and when.
pub struct Asked<'a> {
    /// Which field of which plan.
    pub field: &'a AskedAnswer,
    /// Its arguments.
    pub args: &'a ConstValue,
    /// Those of what is read below it.
    pub variables: &'a Variables,
    /// The rows that it is asked about.
    pub parents: Option<&'a [Uuid]>,
    /// Who asks.
    pub caller: &'a Caller,
    /// The day.
    pub today: NaiveDate,
}

impl Default for Lasting {
    fn default() -> Self {
        Self { kept: Shared::new(MOST), uses: Tally::default() }
    }
}

impl Lasting {
    /// The answer under this stamp, made if nobody made it yet; and whether it was made now.
    pub async fn get(
        &self,
        asked: &Asked<'_>,
        stamp: &str,
        finding: impl Future<Output = Result<Arc<Made>, Error>>,
    ) -> Result<(Arc<Made>, bool), Error> {
        let name = asked.name(stamp);
        let mut is_new = false;
        let noted = async {
            is_new = true;
            finding.await
        };
        let made = self.kept.get(name, noted).await?;
        if is_new {
            self.uses.missed();
        } else {
            self.uses.hit();
        }
        if made.pieces.iter().map(Vec::len).sum::<usize>() > LARGE {
            self.kept.forget(&name);
        }
        Ok((made, is_new))
    }

    /// How many there are, and how often one was of use.
    pub fn uses(&self) -> Use {
        self.uses.of(self.kept.len())
    }
}

impl Asked<'_> {
    fn name(&self, stamp: &str) -> Name {
        let Self { field, args, variables, parents, caller, today } = self;
        let mut hash = Sha256::new();
        // A plan is for one document and one set of rights.
        hash.update(field.number.to_be_bytes());
        hash.update(caller.eyes_name(|| eyes_of(caller)));
        hash.update(today.to_string());
        for text in [stamp.to_owned(), args.to_string()] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let mut given: Vec<_> = variables.iter().collect();
        given.sort_unstable_by_key(|(name, _)| *name);
        for (name, value) in given {
            let text = format!("{name}:{value}");
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update([u8::from(parents.is_some())]);
        parents.unwrap_or_default().iter().for_each(|id| hash.update(id));
        hash.finalize().into()
    }
}
