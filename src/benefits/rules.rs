//! The life of a benefit. Pure.
