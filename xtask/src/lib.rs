//! Publishes Helm charts from the repository that this crate lies in.

pub mod model;
