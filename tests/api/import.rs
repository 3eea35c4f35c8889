//! placeholder
tests! {
}
