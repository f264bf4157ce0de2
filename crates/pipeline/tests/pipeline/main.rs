//! What holds of a pipeline whatever it is told: it doesn't matter how, and a change costs what it changes.

mod cost;
mod generate;
mod hosts;
mod incremental;
mod places;
mod state;
mod whole;
