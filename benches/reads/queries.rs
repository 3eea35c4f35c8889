//! The three queries, in GraphQL for us and in SQL for the floor, and the requests that carry them.

use serde_json::{Value, json};

use super::data;

/// A query of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// One project by its id, 15 scalars.
    Point,
    /// 100 projects, filtered and ordered, with portfolio and manager.
    List,
    /// 1,000 projects, 20 columns.
    Bulk,
}

impl Query {
    /// In the order of the report.
    pub const ALL: [Self; 3] = [Self::Point, Self::List, Self::Bulk];

    /// The operation's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::List => "List",
            Self::Bulk => "Bulk",
        }
    }

    /// For the report.
    pub fn label(self) -> &'static str {
        match self {
            Self::Point => "one project, 15 scalars",
            Self::List => "100 projects, 2 relations",
            Self::Bulk => "1,000 projects, 20 columns",
        }
    }

    fn document(self) -> &'static str {
        match self {
            Self::Point => {
                "query Point($id: ID!) { project(by: { id: $id }) { id key name description state category priority \
                 baseCurrency projectType methodology phase plannedStartOn plannedFinishOn budget { amount currency } } }"
            }
            Self::List => {
                "query List($sponsor: String!) { projects(first: 100, filter: { sponsor: { key: { eq: $sponsor } }, \
                 state: { in: [ACTIVE, APPROVED] } }, orderBy: [{ plannedFinishOn: { direction: DESC } }]) { nodes { \
                 key name state priority plannedFinishOn budget { amount currency } portfolio { name } \
                 projectManager { displayName } } } }"
            }
            Self::Bulk => {
                "query Bulk { projects(first: 1000, filter: { state: { eq: ACTIVE } }) { nodes { id key name description \
                 state category priority confidentiality baseCurrency projectType methodology phase plannedStartOn \
                 plannedFinishOn forecastStartOn forecastFinishOn actualStartOn version createdAt updatedAt } } }"
            }
        }
    }

    /// The bodies that clients send in turn.
    pub fn bodies(self) -> Vec<String> {
        let body = |variables: Value| {
            json!({ "query": self.document(), "operationName": self.name(), "variables": variables }).to_string()
        };
        match self {
            Self::Point => data::sponsored_projects()
                .into_iter()
                // Confidential projects are not for these callers.
                .enumerate()
                .filter_map(|(n, id)| (n % 100 != 0).then(|| body(json!({ "id": id }))))
                .collect(),
            Self::List => vec![body(json!({ "sponsor": data::SPONSOR }))],
            Self::Bulk => vec![body(json!({}))],
        }
    }

    /// What the floor asks the database.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Point => {
                "select id, key, name, description, state, category, priority, base_currency, project_type, methodology, \
                 phase, planned_start_on, planned_finish_on, budget_amount \
                 from portfolio_item where kind = 'PROJECT' and id = $1"
            }
            Self::List => {
                "select p.key, p.name, p.state, p.priority, p.planned_finish_on, p.budget_amount, p.base_currency, \
                 f.name, m.display_name from portfolio_item p \
                 left join portfolio_item f on f.id = p.portfolio_id left join person m on m.id = p.project_manager_id \
                 where p.kind = 'PROJECT' and p.sponsor_id = (select id from person where key = $1) \
                 and p.state in ('ACTIVE', 'APPROVED') \
                 order by p.planned_finish_on desc nulls last, p.id desc limit 100"
            }
            Self::Bulk => {
                "select id, key, name, description, state, category, priority, confidentiality, base_currency, \
                 project_type, methodology, phase, planned_start_on, planned_finish_on, forecast_start_on, \
                 forecast_finish_on, actual_start_on, version, created_at, updated_at \
                 from portfolio_item where kind = 'PROJECT' and state = 'ACTIVE' order by id limit 1000"
            }
        }
    }
}
