//! Whole calls over simulated networks, in virtual time: estimator, pacer, an encoder that follows them, a receiver
//! that reports. Bounds are on both sides.

mod allocations;
pub(crate) mod reno;
mod sim;
mod source;
mod tests;
