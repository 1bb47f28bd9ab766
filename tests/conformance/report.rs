//! What came of the cases, by operator and in all.

use std::collections::BTreeMap;

use crate::case::Case;

#[derive(Clone, Copy, Default)]
struct Tally {
    passed: u32,
    failed: u32,
    trivial: u32,
    deviations: u32,
}

impl Tally {
    fn all(self) -> u32 {
        self.passed + self.failed + self.trivial + self.deviations
    }
}

#[derive(Default)]
pub(crate) struct Report {
    operators: BTreeMap<String, Tally>,
    failures: Vec<String>,
    /// Trivial cases that do not hold: no score counts them, but they are failures all the same.
    trivial_failures: u32,
}

impl Report {
    /// Counts a case. One that a pass-through would pass is told apart, also when it fails.
    pub(crate) fn add(
        &mut self,
        operator: &str,
        case: &Case,
        outcome: Result<(), String>,
        may_differ: bool,
    ) {
        let tally = self.operators.entry(operator.to_owned()).or_default();
        match outcome {
            Ok(()) if case.trivial => tally.trivial += 1,
            Ok(()) => tally.passed += 1,
            Err(_) if may_differ && case.trivial => tally.trivial += 1,
            Err(_) if may_differ => tally.deviations += 1,
            Err(differences) => {
                if case.trivial {
                    tally.trivial += 1;
                    self.trivial_failures += 1;
                } else {
                    tally.failed += 1;
                }
                let trivial = if case.trivial { " (trivial)" } else { "" };
                self.failures
                    .push(format!("{}{trivial}\n{differences}", case.id));
            }
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.failures.is_empty()
    }

    pub(crate) fn print(&self) {
        for failure in &self.failures {
            println!("FAILED {failure}");
        }
        println!(
            "{:<24} {:>6} {:>6} {:>7} {:>10}",
            "operator", "passed", "failed", "trivial", "deviations"
        );
        let mut sum = Tally::default();
        for (operator, tally) in &self.operators {
            println!(
                "{operator:<24} {:>6} {:>6} {:>7} {:>10}",
                tally.passed, tally.failed, tally.trivial, tally.deviations
            );
            sum.passed += tally.passed;
            sum.failed += tally.failed;
            sum.trivial += tally.trivial;
            sum.deviations += tally.deviations;
        }
        if self.trivial_failures > 0 {
            println!("{} of the trivial cases do not hold", self.trivial_failures);
        }
        println!(
            "marbles: {} passed, {} failed, {} trivial, {} deviations, of {}",
            sum.passed,
            sum.failed,
            sum.trivial,
            sum.deviations,
            sum.all()
        );
    }
}
