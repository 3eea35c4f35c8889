//! portfolios
