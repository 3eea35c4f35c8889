//! The arithmetic of weights and shares. Pure.
