//! What is done about a risk.

use entity::risk_response::{self, Column as C};

use crate::{
    auth::{Class, Step},
    graph::decl::{Entity, EnumDecl, Field, RowScope, Scalar},
};

/// `RiskStrategy`.
static STRATEGY: EnumDecl = EnumDecl {
    name: "RiskStrategy",
    doc: "How a response deals with a risk (PMI standard for risk management).",
    values: &[
        ("AVOID", "Threats: so that it cannot happen."),
        ("REDUCE", "Threats: less likely, or less bad."),
        ("TRANSFER", "Threats: somebody else bears it."),
        ("ACCEPT", "Lived with."),
        ("EXPLOIT", "Opportunities: so that it surely happens."),
        ("SHARE", "Opportunities: together with somebody who can bring it about."),
        ("ENHANCE", "Opportunities: more likely, or better."),
    ],
};

/// `RiskResponseState`.
static STATE: EnumDecl = EnumDecl {
    name: "RiskResponseState",
    doc: "Where a response stands.",
    values: &[
        ("PLANNED", "Decided; nothing is done yet."),
        ("ACTIVE", "Under way."),
        ("COMPLETED", "Done."),
        ("CANCELLED", "Given up."),
    ],
};

/// `RiskResponse`.
pub fn declare() -> Entity {
    Entity::new("RiskResponse", &risk_response::Entity, Class::Work, RowScope::OF_ITEM, "What is done about a risk.")
        .node("rsp", "riskResponse", "riskResponses")
        .fields([
            Field::one("risk", C::RiskId, "Risk", "The risk.").written().once(),
            Field::one("item", C::ItemId, "PortfolioItem", "The item of the risk."),
            Field::text("title", C::Title, C::TitleFold, "The title.").required().written(),
            Field::choice("strategy", &STRATEGY, C::Strategy, "How it deals with the risk: AVOID, REDUCE, TRANSFER or ACCEPT a threat; EXPLOIT, SHARE, ENHANCE or ACCEPT an opportunity.").required().written(),
            Field::choice("state", &STATE, C::State, "Where it stands.").required(),
            Field::one("owner", C::OwnerId, "Person", "Who does it; null when nobody is named.").written(),
            Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of its money: that of the risk.").required().grouped(),
            Field::money("cost", Class::Fin, (C::CostAmount, C::Currency), true, "What it costs; 0 or more, null when not said.").written_by(Step::RiskAppraise),
            Field::date("dueOn", C::DueOn, "The day by which it is to be done; null when not said.").written(),
            Field::date("startedOn", C::StartedOn, "The day on which it was begun; null before."),
            Field::date("completedOn", C::CompletedOn, "The day on which it was completed or cancelled; null before."),
            Field::one("portfolio", C::PortfolioId, "Portfolio", "The item's nearest portfolio now."),
            Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The item's nearest portfolio when the response was written; it stays when the item moves."),
        ])
        .audited()
        .archivable()
}

#[cfg(test)]
mod tests {
    use super::{super::rules, STATE, STRATEGY};

    #[test]
    fn the_schema_names_what_the_rules_know() {
        let states: Vec<_> = STATE.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(states, rules::RESPONSE.states().collect::<Vec<_>>());
        let known = |name: &str| ["THREAT", "OPPORTUNITY"].iter().any(|kind| rules::strategies(kind).contains(&name));
        assert!(STRATEGY.values.iter().all(|(name, _)| known(name)));
    }
}
