//! How large files may be, for those who load them.

/// Helm loads no file that is larger (`pkg/chart/loader/archive.MaxDecompressedFileSize`).
pub const MAX_HELM_FILE: u64 = 5 * 1024 * 1024;
/// A push with a larger file is refused.
pub const MAX_GITHUB_FILE: u64 = 100 * 1024 * 1024;
