//! For property tests and fuzzing: the SQL that a document becomes, without a database. Built only for them.

use std::sync::{Arc, LazyLock};

use async_graphql::parser::types::OperationType;
use futures_util::FutureExt as _;

use super::{
    compile::Compiler,
    cursor::{ListHash, Signer},
    document, engine, input,
    plan::{Below, Level, Lookup, Plan, RootKind},
    schema::{self, Schema, Types},
    sql::{Dialect, Param, Statement},
    statement::{Builder, RowLimit, Shape},
};
use crate::{
    app,
    auth::{Rights, Role},
    config::{Config, Limits},
    error::{Code, Error},
};

/// What a caller writes to find it again: nothing of ours contains it.
pub const MARK: &str = "zqxjkv";

/// Those of a user where nothing is configured.
static LIMITS: LazyLock<Limits> = LazyLock::new(|| Config::default().limit_columns().user);
static SCHEMA: LazyLock<(Schema, Arc<Types>)> = LazyLock::new(|| schema::build(app::model()));

/// A text of SQL with what is bound to it.
#[derive(Debug)]
pub struct Bound {
    /// The text.
    pub text: String,
    /// Constants that are bound to it, as they print.
    #[cfg_attr(not(test), expect(dead_code, reason = "what is bound is looked at by property tests alone"))]
    pub constants: String,
}

/// What the levels of a document's plan ask both databases, for someone who reads everything.
pub fn statements(text: &str, variables: serde_json::Map<String, serde_json::Value>) -> Result<Vec<Bound>, Error> {
    let (schema, types) = &*SCHEMA;
    let document = document::read(text, &LIMITS)?;
    document.size.check(&LIMITS)?;
    let (_, op) = document.operation(None)?;
    let validated = engine::validate(schema, text, &document).now_or_never();
    validated.ok_or_else(|| Error::internal("validation waited"))?.map_err(|mut errors| {
        errors.pop().unwrap_or_else(|| Error::new(Code::GraphqlValidationFailed, "It does not fit the schema."))
    })?;
    input::check_document(types, &document.parsed)?;
    let variables = input::variables(types, &op.node.variable_definitions, variables)?;
    let rights = Rights::of(&[Role::PmoLead]);
    let model = app::model();
    let compiler = Compiler::new(model, types, &document.parsed.fragments, &variables, &rights);
    let set = &op.node.selection_set.node;
    let plan = match op.node.ty {
        OperationType::Query => compiler.query(set),
        OperationType::Mutation => compiler.mutation(set),
        OperationType::Subscription => compiler.subscription(set),
    }?;
    let mut out = vec![];
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        of_plan(&plan, Builder { dialect, model, rights: &rights }, &mut out)?;
    }
    Ok(out)
}

/// The cursor's keys as they print, if this signer's key signed it.
pub fn open_cursor(text: &str) -> Result<String, Error> {
    let signer = Signer::new(b"a key of tests");
    signer.unseal(text).map(|bytes| format!("{bytes:?}")).or_else(|_| {
        let keys = signer.open(text, ListHash::default())?;
        Ok(format!("{keys:?}"))
    })
}

fn of_plan(plan: &Plan, builder: Builder<'_>, out: &mut Vec<Bound>) -> Result<(), Error> {
    for root in &plan.roots {
        match &root.kind {
            RootKind::One(level) | RootKind::Many(level) => of_level(level, builder, out)?,
            RootKind::Node { levels, .. } | RootKind::Nodes { levels, .. } => {
                for level in levels.values() {
                    of_level(level, builder, out)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn of_level(level: &Level, builder: Builder<'_>, out: &mut Vec<Bound>) -> Result<(), Error> {
    let by = match &level.lookup {
        Some(Lookup::Ref(by)) => Some(by),
        _ => None,
    };
    let (filter, order) = (level.page.filter.as_ref(), level.page.order.as_ref());
    let shape = Shape { by, condition: None, filter, order, cursor: None, backward: false, limit: RowLimit::Rows(10) };
    let rows = builder.rows(level, &shape)?;
    keep(&rows.statement, out);
    rows.checks.iter().for_each(|check| keep(check, out));
    let mut figures = vec![];
    if let Some(totals) = &level.totals {
        figures.push(builder.totals(level, totals, &Shape { limit: RowLimit::None, ..shape })?);
    }
    for groups in &level.groups {
        figures.push(builder.groups(level, groups, &shape)?);
    }
    for (statement, money) in &figures {
        keep(statement, out);
        for statement in money {
            keep(statement, out);
        }
    }
    level.children.iter().try_for_each(|below| match below {
        Below::Level(level) => of_level(level, builder, out),
        Below::Answer(_) => Ok(()),
    })
}

fn keep(statement: &Statement, out: &mut Vec<Bound>) {
    let constants = statement.params.iter().filter(|param| matches!(param, Param::Const(_)));
    let constants = constants.map(|param| format!("{param:?}")).collect::<Vec<_>>().join("\n");
    out.push(Bound { text: statement.text.to_string(), constants });
}

#[cfg(test)]
mod tests {
    use async_graphql::registry::{MetaType, MetaTypeName};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_statements(text: &str) {
        let _ = statements(text, serde_json::Map::new());
    }

    /// Lists with a filter, and in it each operand that takes text: list, path of fields, whether a list of texts is due.
    fn text_operands() -> Vec<(String, Vec<String>, bool)> {
        let types = &*SCHEMA.1;
        let mut out = vec![];
        let Some(MetaType::Object { fields, .. }) = types.get("Query") else { return out };
        for (name, field) in fields {
            let Some(filter) = field.args.get("filter").filter(|_| name != "changes") else { continue };
            for (member, inner) in members(MetaTypeName::concrete_typename(&filter.ty)) {
                for (operand, ty) in members(&inner) {
                    let takes_text = matches!(ty.as_str(), "String" | "Url" | "Email" | "ID" | "CurrencyCode");
                    if takes_text {
                        let meta = types.get(&inner).and_then(|t| match t {
                            MetaType::InputObject { input_fields, .. } => input_fields.get(&operand),
                            _ => None,
                        });
                        let is_list = meta.is_some_and(|m| m.ty.starts_with('['));
                        out.push((name.clone(), vec![member.clone(), operand], is_list));
                    }
                }
            }
        }
        out
    }

    fn members(name: &str) -> Vec<(String, String)> {
        match SCHEMA.1.get(name) {
            Some(MetaType::InputObject { input_fields, .. }) => {
                let concrete = |ty: &str| MetaTypeName::concrete_typename(ty).to_owned();
                input_fields.values().map(|field| (field.name.clone(), concrete(&field.ty))).collect()
            }
            _ => vec![],
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "'",
            "\"",
            "\\",
            "--",
            "/*",
            "*/",
            ";",
            "%",
            "_",
            "\u{0}",
            "\n",
            "$1",
            "?1",
            "?",
            ":a",
            "' OR 1=1 --",
            "E'\\''",
            "$$",
            "DROP TABLE person",
            "\u{202e}",
            "\u{200b}",
            "\u{1F600}",
            "{{",
            "}}",
            "`",
            "]",
            "||",
            "::text",
            "\u{2019}",
        ]);
        (prop::collection::vec(piece, 0..8), prop::collection::vec(any::<char>(), 0..4))
            .prop_map(|(pieces, chars)| format!("{}{MARK}{}", pieces.concat(), String::from_iter(chars)))
    }

    #[test]
    fn every_list_takes_text_somewhere() {
        let operands = text_operands();
        assert!(operands.len() > 100, "{}", operands.len());
        let mut planned = 0;
        for (list, path, is_list) in &operands {
            let value = if *is_list { json!([MARK]) } else { json!(MARK) };
            let text = format!("{{ {list}(filter: {{{}: {{{}: {value}}}}}) {{ totalCount }} }}", path[0], path[1]);
            match statements(&text, serde_json::Map::new()) {
                Ok(bound) => {
                    planned += 1;
                    assert!(bound.iter().all(|b| !b.text.contains(MARK)), "{text}");
                    assert!(bound.iter().any(|b| b.constants.contains(MARK)), "{text}");
                }
                Err(e) => assert!(
                    matches!(
                        e.code,
                        Code::InvalidId | Code::BadVariables | Code::GraphqlValidationFailed | Code::FilterForbidden
                    ),
                    "{text}: {e}"
                ),
            }
        }
        assert!(planned > 50, "{planned} of {}", operands.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_of_the_caller_is_in_the_sql(at in any::<prop::sample::Index>(), text in hostile(), not in any::<bool>()) {
            let operands = text_operands();
            let (list, path, is_list) = at.get(&operands);
            let value = if *is_list { json!([text, "b"]) } else { json!(text) };
            let leaf = format!("{{{}: {{{}: {value}}}}}", path[0], path[1]);
            let filter = if not { format!("{{not: {leaf}}}") } else { leaf };
            let document = format!("{{ {list}(filter: {filter}) {{ totalCount nodes {{ __typename }} }} }}");
            if let Ok(bound) = statements(&document, serde_json::Map::new()) {
                prop_assert!(bound.iter().all(|b| !b.text.to_lowercase().contains(MARK)), "{}", document);
                // The text is the same for any other value.
                let tame = document.replace(&json!(text).to_string(), "\"a\"");
                let tame: Vec<String> = statements(&tame, serde_json::Map::new()).expect("tame").into_iter().map(|b| b.text).collect();
                prop_assert_eq!(bound.into_iter().map(|b| b.text).collect::<Vec<_>>(), tame);
            }
        }

        #[test]
        fn any_document_is_planned_or_refused(document in documents()) {
            any_statements(&document);
        }

        #[test]
        fn no_text_is_a_cursor(text in any::<String>()) {
            prop_assert_eq!(open_cursor(&text).expect_err("no cursor").code, Code::CursorMismatch);
        }
    }

    /// Documents that nearly are some: fields of the schema, arguments of any kind, nesting, fragments and directives.
    fn documents() -> impl Strategy<Value = String> {
        let field = prop::sample::select(vec![
            "projects",
            "people",
            "portfolios",
            "programs",
            "node(id: \"prj_1\")",
            "nodes(ids: [\"x\"])",
            "nodes",
            "edges",
            "node",
            "cursor",
            "pageInfo",
            "totalCount",
            "name",
            "key",
            "id",
            "__typename",
            "parent",
            "budget",
            "serverInfo",
            "viewer",
            "changes",
            "... on Project",
            "...F",
            "projects(first: 1)",
            "projects(filter: {})",
            "projects(filter: {name: {contains: \"'\"}})",
            "projects(orderBy: [])",
            "projects(first: -1, after: \"x\")",
            "a: name",
            "projects(first: $a)",
            "name @skip(if: true)",
            "name @include(if: $b)",
            "project(by: {key: \"x\"})",
            "project(by: {id: $c})",
            "groups(by: [])",
            "__schema",
            "aggregate",
            "sum",
        ]);
        let set = field.prop_map(str::to_owned).prop_recursive(5, 40, 4, |inner| {
            (
                prop::sample::select(vec![
                    "projects",
                    "nodes",
                    "edges",
                    "node",
                    "parent",
                    "... on Project",
                    "serverInfo",
                    "aggregate",
                    "programs(first: 2)",
                ]),
                prop::collection::vec(inner, 1..4),
            )
                .prop_map(|(name, inner)| format!("{name} {{ {} }}", inner.join(" ")))
        });
        (prop::collection::vec(set, 1..4), any::<bool>()).prop_map(|(sets, fragment)| {
            let tail = if fragment { " fragment F on Project { name key }" } else { "" };
            format!("query Q($a: Int = 1, $b: Boolean = true, $c: ID) {{ {} }}{tail}", sets.join(" "))
        })
    }
}
