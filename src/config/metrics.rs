//! Who may read `/metrics`. It tells which operations clients send and how often, so in production nobody reads it without
//! the token, unless the settings say in so many words that anybody may.

use clap::{Args, ValueEnum};

use super::Environment;
use crate::error::{Code, Error};

/// Characters of the shortest token: it is not guessed, so wrong ones are not counted.
const SHORTEST: usize = 16;

/// Whether `/metrics` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MetricsMode {
    /// It is not there.
    Off,
    /// It answers who presents the token; in development, without one, anybody.
    On,
    /// It answers anybody who reaches the port, in production too.
    Open,
}

/// Settings of `/metrics`.
#[derive(Clone, Default, Args)]
pub struct MetricsAccess {
    /// Whether `/metrics` answers; `open` answers without a token [default: on, in production only with a token].
    #[arg(long = "metrics", env = "FOLIOGRAPH_METRICS")]
    pub mode: Option<MetricsMode>,
    /// What a scraper presents as its bearer token: 16 characters at least.
    #[arg(long = "metrics-token", env = "FOLIOGRAPH_METRICS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsReaders<'c> {
    /// Nobody: it is not there.
    Nobody,
    /// Who presents this token.
    Holder(&'c str),
    /// Anybody.
    Anybody,
}

impl MetricsAccess {
    /// Who may read it. What is not said gives no more than a token does, except in development.
    pub fn readers(&self, environment: Environment) -> MetricsReaders<'_> {
        let without_token = match environment {
            Environment::Development => MetricsReaders::Anybody,
            Environment::Production => MetricsReaders::Nobody,
        };
        match self.mode {
            Some(MetricsMode::Off) => MetricsReaders::Nobody,
            Some(MetricsMode::Open) => MetricsReaders::Anybody,
            Some(MetricsMode::On) | None => self.token.as_deref().map_or(without_token, MetricsReaders::Holder),
        }
    }

    pub(super) fn check(&self, environment: Environment) -> Result<(), Error> {
        let refuse = |line: &str| Err(Error::new(Code::BadRequest, line));
        match (self.mode, &self.token, environment) {
            (Some(MetricsMode::On), None, Environment::Production) => refuse(
                "FOLIOGRAPH_METRICS=on needs FOLIOGRAPH_METRICS_TOKEN in production; FOLIOGRAPH_METRICS=open answers anybody who reaches the port.",
            ),
            (Some(MetricsMode::Open), Some(_), _) => {
                refuse("FOLIOGRAPH_METRICS=open asks for no token: leave it out, or say FOLIOGRAPH_METRICS=on.")
            }
            (_, Some(token), _) if token.len() < SHORTEST || !token.bytes().all(|b| b.is_ascii_graphic()) => {
                refuse("FOLIOGRAPH_METRICS_TOKEN has 16 characters at least, plain ones without blanks.")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Environment::{Development, Production},
        MetricsReaders::{Anybody, Holder, Nobody},
        *,
    };

    fn access(mode: Option<MetricsMode>, token: Option<&str>) -> MetricsAccess {
        MetricsAccess { mode, token: token.map(str::to_owned) }
    }

    const TOKEN: &str = "0123456789abcdef";

    #[test]
    fn in_production_nobody_reads_without_a_token_unless_it_is_said() {
        let (on, off, open) = (Some(MetricsMode::On), Some(MetricsMode::Off), Some(MetricsMode::Open));
        for (mode, token, development, production) in [
            (None, None, Anybody, Nobody),
            (None, Some(TOKEN), Holder(TOKEN), Holder(TOKEN)),
            (on, None, Anybody, Nobody),
            (on, Some(TOKEN), Holder(TOKEN), Holder(TOKEN)),
            (off, None, Nobody, Nobody),
            (off, Some(TOKEN), Nobody, Nobody),
            (open, None, Anybody, Anybody),
        ] {
            let access = access(mode, token);
            assert_eq!(access.readers(Development), development, "{mode:?} {token:?}");
            assert_eq!(access.readers(Production), production, "{mode:?} {token:?}");
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let refusal = |mode, token, environment| access(mode, token).check(environment).err().map(|e| e.message);
        let on = Some(MetricsMode::On);
        assert!(refusal(on, None, Production).is_some_and(|line| line.contains("needs FOLIOGRAPH_METRICS_TOKEN")));
        assert!(refusal(Some(MetricsMode::Open), Some(TOKEN), Development).is_some_and(|line| line.contains("=open")));
        for weak in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdeé"] {
            assert!(refusal(on, Some(weak), Development).is_some_and(|line| line.contains("16 characters")), "{weak}");
        }
        for (mode, token) in [(None, None), (None, Some(TOKEN)), (on, Some(TOKEN)), (Some(MetricsMode::Open), None)] {
            assert_eq!(refusal(mode, token, Production), None, "{mode:?}");
        }
    }
}
