//! Stub.

tests! {}
