//! Ratings and the life of a report. Pure.
