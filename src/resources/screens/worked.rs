//! What was worked on projects: the one place where hours of time sheets enter every screen. There are no time sheets yet, so
//! nothing is known, which is told as such and never as 0.

use std::{
    collections::HashMap,
    future::{Future, ready},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    error::Error,
    graph::decl::Asking,
    resources::load::{Run, Span},
};

/// Minutes worked on projects by resource; none where nobody knows them.
pub type Worked = Option<HashMap<Uuid, Vec<Run>>>;

/// What resources worked on projects within a time, as far as the caller reads it.
pub fn worked(
    _asking: &mut Asking<'_, '_>,
    _resources: &Arc<[Uuid]>,
    _span: Span,
) -> impl Future<Output = Result<Worked, Error>> + use<> {
    ready(Ok(None))
}
