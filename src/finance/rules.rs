//! The life of budgets and forecasts, and the arithmetic of their lines. Pure.
