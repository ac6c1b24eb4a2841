//! The list of checks. Each is one folder in `checks/`: its page (`README.md`), its code (`check.rs`), its cases.
