//! stub
use super::Parts;
use super::super::problem::Problem;
pub(super) fn read<'t>(_: &'t str, _: &str, _: &mut Vec<Problem>) -> Option<Parts<'t>> { None }
