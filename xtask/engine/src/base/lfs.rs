//! Git LFS: the small text that a commit has in place of a large file (git-lfs, `docs/spec.md`). A clone that does not fetch
//! those files has it, too.

use super::digest::Digest;
use super::problem::Problem;

const VERSION: &str = "version https://git-lfs.github.com/spec/v1\n";
/// A pointer is smaller by the specification.
const MOST_BYTES: usize = 1024;

/// Whether a file is such a pointer.
pub fn is_pointer(data: &[u8]) -> bool {
    data.len() < MOST_BYTES && data.starts_with(VERSION.as_bytes())
}

/// The pointer that a commit has in place of this content.
pub fn pointer(content: &[u8]) -> String {
    format!("{VERSION}oid {}\nsize {}\n", Digest::of(content), content.len())
}

/// What is wrong where a pointer would be published.
pub fn problem() -> Problem {
    Problem::error("it is a Git LFS pointer and not the file itself")
        .hint("git lfs pull; in a workflow, give actions/checkout `with: {lfs: true}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers() {
        let pointer = pointer(b"abc");
        assert_eq!(
            pointer,
            "version https://git-lfs.github.com/spec/v1\noid sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nsize 3\n"
        );
        assert!(is_pointer(pointer.as_bytes()));
        for other in ["", "version: 1\n", &format!("# {pointer}"), &format!("{pointer}{}", "x".repeat(1024))]
        {
            assert!(!is_pointer(other.as_bytes()), "{other:?}");
        }
    }
}
