//! Items by what a KPI of theirs says: a condition of every filter on them, over the stored figures of now.

use async_graphql_value::Value;

use super::{
    catalogue::{Unit, standard},
    checks::is_of_catalogue,
};
use crate::{
    auth::{Class, Rights},
    error::{Code, Error},
    graph::{
        decl::{Condition, Scalar},
        filter::{Filter, invalid},
        sql::{Param, Sql},
        value::{DbValue, Leaf},
    },
    write::{Member, PlainType, Shape},
};

/// The condition.
pub fn condition() -> Condition {
    Condition {
        name: "kpi",
        ty: TYPE,
        doc: "Condition on a KPI's figure of now. Needs what reading the KPI needs, and takes out items below which something counts that the caller may not read.",
        write,
    }
}

const TYPE: &str = "KpiCondition";
const CURRENCY: Leaf = Leaf::Scalar(Scalar::CurrencyCode);

/// What is asked for.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![PlainType {
        name: TYPE,
        doc: "A condition on one KPI of an item, over everything in the item, as it was derived last (see `KpiValue.asOf`). An item without a figure meets no comparison, with `not` neither; ask for it with `value: {isNull: true}`.",
        shape: Shape::Input(vec![
            member("key", "String!", "The KPI's key."),
            member("value", "DecimalFilter", "What the figure is; of money only with `currency`."),
            member("currency", "CurrencyCode", "The currency of a figure of money: other items fail the condition."),
            member("status", "RagFilter", "Which color it has."),
        ]),
    }]
}

/// Appends what an item's figure is to be.
fn write(filter: &mut Filter<'_>, sql: &mut Sql, alias: usize, condition: &Value) -> Result<(), Error> {
    let Value::Object(members) = condition else { return Err(invalid("A condition on a KPI is due here.".into())) };
    let given = |name: &str| members.get(name).filter(|value| **value != Value::Null);
    let Some(Value::String(key)) = given("key") else { return Err(invalid("The key of a KPI is due here.".into())) };
    let (figure, definition) = (filter.alias(), filter.alias());
    let rights = filter.rights;
    sql.push("(SELECT CASE WHEN TRUE");
    match standard(key) {
        Some(kpi) => {
            for class in kpi.classes {
                if rights.read_of_items(*class).is_empty() {
                    let line = format!("The KPI `{key}` needs {} to filter by.", class.read());
                    return Err(Error::new(Code::FilterForbidden, line));
                }
                sql.push(" AND ");
                reads_all(filter, sql, alias, *class, rights);
            }
        }
        None if is_of_catalogue(key) => {
            return Err(Error::new(Code::BadVariables, format!("There is no KPI `{key}`.")));
        }
        None => {
            for class in Class::ALL {
                sql.push(" AND (',' || ").column(definition, "classes").push(" || ',' NOT LIKE ");
                sql.literal(&format!("%,{},%", class.as_str())).push(" OR ");
                reads_all(filter, sql, alias, class, rights);
                sql.push(")");
            }
        }
    }
    sql.push(" THEN (TRUE");
    if let Some(status) = given("status") {
        sql.push(" AND ");
        // A figure's color is one of those of a rating.
        let colors = filter.model.entity("PortfolioItem").choices("rag");
        filter.compares(sql, (figure, "status"), Leaf::Enum(colors), status)?;
    }
    if let Some(value) = given("value") {
        let unit = standard(key).map(|kpi| kpi.unit);
        if unit == Some(Unit::Money) && given("currency").is_none() && compares(value) {
            return Err(Error::new(Code::BadVariables, format!("The KPI `{key}` is money: say `currency`.")));
        }
        sql.push(" AND CASE WHEN ").column(definition, "unit").push(" = 'MONEY' THEN ");
        match given("currency") {
            None if compares(value) => {
                sql.push("NULL");
            }
            currency => {
                if let Some(currency) = currency {
                    // An item without a figure has a currency all the same.
                    sql.push("CASE WHEN ").column(figure, "id").push(" IS NULL THEN ");
                    filter.compares(sql, (alias, "base_currency"), CURRENCY, &equal(currency))?;
                    sql.push(" ELSE ");
                    filter.compares(sql, (figure, "unit"), CURRENCY, &equal(currency))?;
                    sql.push(" END AND ");
                }
                filter.compares(sql, (figure, "value"), Leaf::Amount, value)?;
            }
        }
        sql.push(" ELSE ");
        filter.compares(sql, (figure, "value"), Leaf::Scalar(Scalar::Decimal), value)?;
        sql.push(" END");
    }
    // An item is without a row as long as there was no figure.
    sql.push(") END FROM kpi_definition t").number(definition).push(" LEFT JOIN kpi_value t").number(figure);
    sql.push(" ON ").column(figure, "kpi_id").push(" = ").column(definition, "id");
    sql.push(" AND ").column(figure, "item_id").push(" = ").column(alias, "id");
    sql.push(" WHERE ").column(definition, "archived_at").push(" IS NULL AND ").column(definition, "key").push(" = ");
    sql.param(Param::Const(DbValue::Text(key.clone()))).push(")");
    Ok(())
}

/// Appends whether the caller reads a class on everything that counts for an item: then the stored figure is hers too.
/// What is confidential counts for itself, so for an item that is not it does not count.
fn reads_all(filter: &mut Filter<'_>, sql: &mut Sql, alias: usize, class: Class, rights: &Rights) {
    let scopes = rights.read_of_items(class);
    if scopes.is_all() {
        sql.push("TRUE");
        return;
    }
    if scopes.is_empty() {
        sql.push("FALSE");
        return;
    }
    let (above, item) = (filter.alias(), filter.alias());
    sql.push("NOT EXISTS (SELECT 1 FROM item_ancestor t").number(above).push(" JOIN portfolio_item t").number(item);
    sql.push(" ON ").column(item, "id").push(" = ").column(above, "item_id");
    sql.push(" WHERE ").column(above, "ancestor_id").push(" = ").column(alias, "id");
    sql.push(" AND (").column(alias, "is_restricted").push(" OR NOT ").column(item, "is_restricted").push(") AND NOT ");
    if !sql.scopes(item, filter.model.entity("PortfolioItem").rows, scopes) {
        sql.push("TRUE");
    }
    sql.push(")");
}

/// Whether there is more than the question whether there is a figure.
fn compares(comparisons: &Value) -> bool {
    matches!(comparisons, Value::Object(members) if members.keys().any(|op| op != "isNull"))
}

fn equal(value: &Value) -> Value {
    Value::Object([(async_graphql_value::Name::new("eq"), value.clone())].into_iter().collect())
}
