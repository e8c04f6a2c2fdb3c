//! What was looked at on the way to a decision.

use super::{Decision, Setting};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub setting: Setting,
    /// What it was, in the form in which it is configured.
    pub value: String,
    /// Whether it lets the participant go on. The first that does not, decides.
    pub passes: bool,
}

/// A decision and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// What was looked at, in this order.
    pub steps: Vec<Step>,
    /// What came of it.
    pub decision: Decision,
}

impl Explanation {
    /// What decided: the last thing that was looked at, unless it let the participant in.
    #[must_use]
    pub fn decisive(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| !step.passes)
    }
}

/// Hears of everything that is looked at. `()` hears nothing, and costs nothing.
pub(super) trait Trace {
    /// `value` is made only when somebody listens.
    fn step(&mut self, setting: Setting, passes: bool, value: impl FnOnce() -> String);
}

impl Trace for () {
    fn step(&mut self, _: Setting, _: bool, _: impl FnOnce() -> String) {}
}

impl Trace for Vec<Step> {
    fn step(&mut self, setting: Setting, passes: bool, value: impl FnOnce() -> String) {
        self.push(Step {
            setting,
            value: value(),
            passes,
        });
    }
}
