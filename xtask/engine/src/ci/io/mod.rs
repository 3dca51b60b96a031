//! Runs the steps of CI, and reads the workflows.

pub mod cargo;
pub mod workflows;
