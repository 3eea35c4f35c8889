//! The types of KPI answers.

use crate::write::{Member, PlainType, Shape};

/// Members of a value that are masked by the class that the KPI needs.
pub(super) const GUARDED: &[&str] = &["value", "numerator", "denominator", "status", "target", "nullReason"];

/// The types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    vec![
        PlainType {
            name: "KpiBasis",
            doc: "Whose rows a figure counts. Which one a caller gets depends on her roles, never on the data.",
            shape: Shape::Choice(vec![
                (
                    "ALL_ROWS",
                    "All rows of the scope: for who reads the KPI's classes everywhere. What is confidential below the scope is not in it; it has figures of its own. Only such figures have a stored color, a margin and alerts.",
                ),
                ("CALLER_ROWS", "The rows that the caller may read; the color by plain bounds."),
            ]),
        },
        PlainType {
            name: "KpiValue",
            doc: "A KPI of an item with all below it: inputs are summed over the items first, then the formula is applied.",
            shape: Shape::Guarded(
                vec![
                    member("kpi", "KpiDefinition", "The KPI."),
                    member("scope", "PortfolioItem", "The item."),
                    member("periodEnd", "LocalDate!", "The day that the figure is about."),
                    member("asOf", "DateTime!", "The instant up to which facts are in it."),
                    member("value", "Decimal", "The value; null with a reason, or masked."),
                    member(
                        "unit",
                        "String!",
                        "The code of the scope's base currency for money, else the unit of the KPI.",
                    ),
                    member(
                        "numerator",
                        "Decimal",
                        "What stands above the line, where the formula is a ratio; else the value.",
                    ),
                    member("denominator", "Decimal", "What stands below the line; null where the formula is no ratio."),
                    member(
                        "status",
                        "Rag",
                        "Its color by the bounds that hold for the scope; null without bounds or value.",
                    ),
                    member(
                        "target",
                        "Decimal",
                        "What it is to be by that day: the latest target of the scope itself, as it is set now; null without one, and for who may not read the KPI of that very item.",
                    ),
                    member(
                        "nullReason",
                        "String",
                        "Why there is no value: MISSING_INPUT with the measure, MISSING_RATE with the currencies, NO_ITEMS, DENOMINATOR_ZERO, NOT_DEFINED, NO_SIGN_CHANGE, SEVERAL_RATES with the rates, OUT_OF_RANGE; null where there is one.",
                    ),
                    member("basis", "KpiBasis!", "Whose rows it counts."),
                    member("coverage", "Coverage!", "What it counts and leaves out, in items."),
                ],
                GUARDED,
            ),
        },
        PlainType {
            name: "KpiGranularity",
            doc: "How far apart the figures of a series are.",
            shape: Shape::Choice(vec![
                ("DAY", "Every day."),
                ("WEEK", "Every Sunday."),
                ("MONTH", "The last day of every month."),
                ("QUARTER", "The last day of every quarter of the calendar."),
                ("YEAR", "The last day of every year."),
            ]),
        },
        PlainType {
            name: "KpiExplanation",
            doc: "How a KPI came about.",
            shape: Shape::Guarded(
                vec![
                    member("value", "KpiValue!", "The figure."),
                    member("formula", "String!", "The formula as it is defined."),
                    member("formulaVersion", "Int!", "The version of the formula."),
                    member("inputs", "[KpiInput!]", "What was put into it; masked for who may not read the KPI."),
                    member(
                        "leftOut",
                        "[KpiLeftOut!]",
                        "Items that do not count, though the caller sees them, and why; masked likewise.",
                    ),
                ],
                &["inputs", "leftOut"],
            ),
        },
        PlainType {
            name: "KpiInput",
            doc: "A measure that a KPI is made of.",
            shape: Shape::Object(vec![
                member("measure", "String!", "Its name in the formula."),
                member("description", "String!", "What it is, and how it is dated."),
                member(
                    "sum",
                    "Decimal",
                    "Its sum over the items that count, in the unit of the scope; of flows that the formula reads by their days all of them, later ones too. Null where a rate is missing.",
                ),
                member("partCount", "Int!", "How many dated amounts it is made of."),
                member("parts", "[KpiPart!]!", "The latest of them, at most as many as asked for."),
            ]),
        },
        PlainType {
            name: "KpiPart",
            doc: "A dated amount of a measure, with the fact that it comes from.",
            shape: Shape::Object(vec![
                member("item", "PortfolioItem", "The item."),
                member(
                    "source",
                    "Node",
                    "The fact; null where the caller may not read it by itself: then all such facts of the item stand in one part without a day.",
                ),
                member("effectiveOn", "LocalDate", "The day that it is about; null for several."),
                member("recordedAt", "DateTime", "When it became known; null for several."),
                member("currency", "CurrencyCode", "Its currency; null for what is no money."),
                member("amount", "Decimal!", "The amount, in its own currency."),
                member(
                    "rate",
                    "Decimal",
                    "What it was converted by; null where nothing was to be converted, or where the rate is missing.",
                ),
            ]),
        },
        PlainType {
            name: "KpiLeftOut",
            doc: "An item that does not count.",
            shape: Shape::Object(vec![
                member("item", "PortfolioItem", "The item."),
                member("reason", "String!", "What of it is not known, as in `KpiValue.nullReason`."),
            ]),
        },
        PlainType {
            name: "PortfolioHealth",
            doc: "How an item stands: what was declared in its latest published report against what its figures say.",
            shape: Shape::Object(vec![
                member("declared", "Rag", "The overall rating of the latest published report; null before the first."),
                member("declaredOn", "LocalDate", "The last day of that report's period."),
                member(
                    "computed",
                    "Rag",
                    "The worst color of the dimensions; null where no figure has one for the caller.",
                ),
                member(
                    "isDivergent",
                    "Boolean",
                    "Whether they differ, each taken as green, amber or red; null where one is missing.",
                ),
                member("dimensions", "[HealthDimension!]!", "What the figures say, dimension by dimension."),
            ]),
        },
        PlainType {
            name: "HealthDimension",
            doc: "What the figures say about one side of an item.",
            shape: Shape::Object(vec![
                member("dimension", "RagDimension!", "Which side."),
                member("computed", "Rag", "The worst color of its KPIs; null where none has one for the caller."),
                member("kpis", "[KpiValue!]!", "The KPIs that it is taken from."),
            ]),
        },
        PlainType {
            name: "RollupVerification",
            doc: "Whether measures are what the facts say.",
            shape: Shape::Object(vec![
                member("isExact", "Boolean!", "Whether nothing differs."),
                member("measureCount", "Int!", "How many measures were compared."),
                member("differences", "[RollupDifference!]!", "What differs; nothing, unless something is wrong."),
            ]),
        },
        PlainType {
            name: "RollupDifference",
            doc: "A fact whose amounts are not those of the ledger.",
            shape: Shape::Object(vec![
                member("source", "Node", "The fact."),
                member("item", "PortfolioItem", "The item."),
                member("measure", "String!", "The measure."),
                member("amount", "Decimal!", "What the fact says less what the ledger says."),
            ]),
        },
    ]
}
