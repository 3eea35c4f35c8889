//! Changes as a caller pulls them: what each kind of write and each change of rights tells her, and that nothing else is
//! told. `changes/order.rs` has the sequencer, `changes/copies.rs` what a copy kept by changes holds.

mod copies;
mod order;
mod rights;

use std::{collections::BTreeMap, sync::LazyLock};

use foliograph::app::model;
use serde_json::{Value, json};

use crate::support::{World, client::Client, client::Reply, writer::Writer};

/// Every test of this folder.
pub fn list() -> Vec<crate::support::Test> {
    [rights::list(), copies::list(), order::list()].into_iter().flatten().collect()
}

const PULLED: &str = "query($since: Cursor, $first: Int, $types: [ChangeType!]) { \
    changes(since: $since, first: $first, types: $types) { watermark hasMore changes { \
    cursor at kind type id version causedBy { requestId mutation actor { key } } node { __typename id \
    ... on PortfolioItem { key name state confidentiality version budget { amount currency } } \
    ... on Person { key displayName isActive version } ... on OrgUnit { key name version } \
    ... on ExternalLink { system externalId version } ... on RoleAssignment { key role validToOn version }";
/// Types that the query asks for by more than their version.
const TOLD_MORE_OF: [&str; 7] =
    ["Portfolio", "Program", "Project", "Person", "OrgUnit", "ExternalLink", "RoleAssignment"];

/// The query for a page, with the version of whatever type is followed.
static PULL: LazyLock<String> = LazyLock::new(|| {
    let others = model().followed().filter(|e| !TOLD_MORE_OF.contains(&e.name));
    let versions: Vec<String> = others.map(|e| format!(" ... on {} {{ version }}", e.name)).collect();
    format!("{PULLED}{} }} }} }} }}", versions.concat())
});

/// Someone who keeps a copy up to date by pulling.
pub struct Puller {
    client: Client,
    /// Where she is.
    pub since: Value,
    /// Her copy, by id.
    pub copy: BTreeMap<String, Value>,
}

impl Puller {
    /// Who has nothing yet.
    pub fn new(client: Client) -> Self {
        Self { client, since: Value::Null, copy: BTreeMap::new() }
    }

    /// Who has everything already.
    pub async fn loaded(client: Client) -> Self {
        let mut puller = Self::new(client);
        puller.pull(1_000).await;
        puller
    }

    /// One page as answered.
    pub async fn page(&self, first: usize) -> Reply {
        self.client.query_with(&PULL, json!({ "since": self.since, "first": first })).await
    }

    /// Pulls to the end; gives what was told, in order.
    pub async fn pull(&mut self, first: usize) -> Vec<Value> {
        let mut told = vec![];
        loop {
            let page = self.page(first).await.data()["changes"].take();
            let changes = page["changes"].as_array().expect("changes").clone();
            assert!(changes.len() <= first, "{} changes on a page of {first}", changes.len());
            let mut ids: Vec<&Value> = changes.iter().map(|change| &change["id"]).collect();
            ids.sort_by_key(ToString::to_string);
            ids.dedup();
            assert_eq!(ids.len(), changes.len(), "a row is told once a page");
            for change in &changes {
                self.take(change);
            }
            self.since = page["watermark"].clone();
            told.extend(changes);
            if page["hasMore"] == json!(false) {
                return told;
            }
        }
    }

    /// Takes a change into the copy.
    pub fn take(&mut self, change: &Value) {
        let id = change["id"].as_str().expect("an id").to_owned();
        if change["kind"] == json!("UPSERT") {
            assert_eq!(change["node"]["id"], change["id"], "{change:#}");
            assert_eq!(change["node"]["version"], change["version"], "{change:#}");
            self.copy.insert(id, change["node"].clone());
        } else {
            for nothing in ["node", "version", "causedBy"] {
                assert_eq!(change[nothing], Value::Null, "{change:#}");
            }
            self.copy.remove(&id);
        }
    }
}

/// What was told, as `KIND id`.
pub fn told(changes: &[Value]) -> Vec<String> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    changes.iter().map(|c| format!("{} {}", text(&c["kind"]), text(&c["id"]))).collect()
}

/// A transaction on this test's database.
pub async fn writer(world: &World) -> Writer {
    Writer::begin(&world.app().await.database, &*world.clock).await
}
