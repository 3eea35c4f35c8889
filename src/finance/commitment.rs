//! Money that is promised to somebody outside: an order or a contract of a project, and what of it is still to be invoiced.

use entity::{
    actual,
    commitment::{self, Column as C},
};

use super::EXPENDITURE;
use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, OfItem, RowScope, Scalar},
};

/// `CommitmentState`.
static STATE: EnumDecl = EnumDecl {
    name: "CommitmentState",
    doc: "Where a commitment stands.",
    values: &[
        ("OPEN", "Invoices are to come."),
        ("CLOSED", "What is not invoiced is no longer owed; a late invoice may still name it."),
        ("CANCELLED", "Called off before anything was invoiced."),
    ],
};

/// `Commitment`.
pub fn declare() -> Entity {
    let money = |name, column: C, doc| Field::money(name, Class::FinLine, (column, C::Currency), true, doc).required();
    Entity::new(
        "Commitment",
        &commitment::Entity,
        Class::FinLine,
        RowScope::OfItem(OfItem::USUAL.without_labor()),
        "Money that a project has promised to somebody outside, by an order or a contract.",
    )
    .node("cmt", "commitment", "commitments")
    .keyed(C::Key, "The human key, such as the number of the order; unique. Made from the id if not said.")
    .with_default_key()
    .fields([
        Field::one("item", C::ItemId, "Project", "The project.").written().once(),
        Field::text("title", C::Title, C::TitleFold, "What is bought.").required().written(),
        Field::choice("state", &STATE, C::State, "Where it stands.").required(),
        Field::scalar("vendor", Scalar::String, C::Vendor, "From whom it is bought; null when not said.").grouped().written(),
        Field::scalar("purchaseOrder", Scalar::String, C::PurchaseOrder, "The number of the order or the contract; null when not said.").written(),
        Field::one("category", C::CategoryId, "CostCategory", "What it is spent on.").written().due(),
        Field::choice("expenditure", &EXPENDITURE, C::Expenditure, "How it is accounted for; OPEX if not said.")
            .required()
            .written()
            .defaulted(),
        Field::one("period", C::PeriodId, "FiscalPeriod", "The period in which it is expected to be invoiced; null when not said.").written(),
        Field::scalar("currency", Scalar::CurrencyCode, C::Currency, "The currency of all its money, settled by `committed`; it may be another than the project's.").required().grouped(),
        money("committed", C::CommittedAmount, "What is promised; 0 or more.").written(),
        money("invoiced", C::InvoicedAmount, "What was invoiced. It grows with each actual that names the commitment, and is written by hand only while none does; 0 if not said.")
            .written()
            .defaulted(),
        money("open", C::OpenAmount, "What is still to be invoiced: `committed` less `invoiced`, and 0 once it is closed or cancelled. An open one is never invoiced beyond what is committed."),
        Field::date("committedOn", C::CommittedOn, "The day on which it was promised.").required().written(),
        Field::date("expectedOn", C::ExpectedOn, "The day on which it is expected to be invoiced; null when not said.").written(),
        Field::date("closedOn", C::ClosedOn, "The day on which it was closed or cancelled; null while it is open."),
        Field::many("actuals", "Actual", actual::Column::CommitmentId, "What was spent on it."),
        Field::one("portfolio", C::PortfolioId, "Portfolio", "The project's nearest portfolio now."),
        Field::one("reportedPortfolio", C::ReportedPortfolioId, "Portfolio", "The project's nearest portfolio when the commitment was made; it stays when the project moves."),
    ])
    .named_outside(Field::written)
    .audited()
    .archivable()
}
