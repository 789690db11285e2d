//! Options of several subcommands that say which texts to reject.

use clap::Args;
use intentkit::decision::Cost;

/// What mistakes cost.
#[derive(Args)]
pub struct Costs {
    /// Reject a text if that costs less on average: rejecting one that has a label costs this, 0 to 1, a wrong label costs
    /// 1. Needs --foreign-share
    #[arg(
        long,
        value_name = "COST",
        requires = "foreign_share",
        conflicts_with = "acceptance_rate",
        allow_negative_numbers = true
    )]
    ask_back_cost: Option<f32>,
    /// Expect this share of texts without a label, 0 to 1; answering one costs 1. Needs --ask-back-cost
    #[arg(long, value_name = "SHARE", requires = "ask_back_cost", allow_negative_numbers = true)]
    foreign_share: Option<f32>,
}

impl Costs {
    pub fn cost(&self) -> Option<Cost> {
        Some(Cost { ask_back: self.ask_back_cost?, foreign: self.foreign_share? })
    }
}

/// Which texts a prediction rejects, instead of the model's own rule.
#[derive(Args)]
pub struct Rejecting {
    /// Answer this share of the texts that have a label: over 0, at most 1 [default: as trained]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    acceptance_rate: Option<f32>,
    /// Reject only texts that hold nothing the model knows or that no label fits; the same as
    /// --acceptance-rate 1
    #[arg(long, conflicts_with_all = ["acceptance_rate", "ask_back_cost"])]
    pub no_reject: bool,
    #[command(flatten)]
    costs: Costs,
}

impl Rejecting {
    pub fn acceptance_rate(&self) -> Option<f32> {
        if self.no_reject { Some(1.0) } else { self.acceptance_rate }
    }

    pub fn cost(&self) -> Option<Cost> {
        self.costs.cost()
    }
}
