//! A change as a patch that `git apply` and `patch` read.

use similar::TextDiff;

use crate::files::Rewrite;
use crate::report::shown::line;

/// The unified diff of a file.
pub fn patch(rewrite: &Rewrite) -> String {
    let (before, after) = (String::from_utf8_lossy(&rewrite.before), String::from_utf8_lossy(&rewrite.after));
    let path = line(rewrite.path.as_str());
    let diff = TextDiff::from_lines(&*before, &*after);
    diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_says_where_and_what() {
        let rewrite = Rewrite { path: "a/b.tf".into(), before: b"1\n2\n3".to_vec(), after: b"1\nx\n3".to_vec() };
        assert_eq!(
            patch(&rewrite),
            "--- a/a/b.tf\n+++ b/a/b.tf\n@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n\\ No newline at end of file\n"
        );
    }
}
