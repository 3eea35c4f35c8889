//! graphql-eslint over the published schema: `schema-recommended` and `schema-relay`, with the exceptions that
//! `tests/node/eslint.config.mjs` lists and gives reasons for.

use std::fs;

use crate::support::node;

tests! {
    async fn the_schema_keeps_the_rules_of_graphql_eslint() {
        lint("schema.graphql").unwrap_or_else(|said| panic!("{said}"));
    }

    async fn a_schema_that_breaks_a_rule_is_refused() {
        let schema = fs::read_to_string(node::with_schema().join("schema.graphql")).expect("the schema");
        // A page that is none for Relay, a member in another spelling, and an exception that nothing needs any more.
        let broken = schema
            .replacen("\thasNextPage: Boolean!", "\thas_next: Boolean!", 1)
            .replacen("\tprojectManager: Person", "\tmanager: Person", 1);
        assert_ne!(schema, broken);
        fs::write(node::with_schema().join("broken.graphql"), broken).expect("written");
        let said = lint("broken.graphql").expect_err("three faults");
        for fault in ["relay-page-info", "naming-convention", "The exception for Project.projectManager is not needed"] {
            assert!(said.contains(fault), "{fault} is not in:\n{said}");
        }
    }
}

/// Nothing, or what the linter finds.
fn lint(file: &str) -> Result<String, String> {
    node::tool(node::with_schema(), "eslint/bin/eslint.js", &["--max-warnings", "0", file], &[("SCHEMA", file)])
}
