//! The `rootlint` program: a thin shell around the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A run makes millions of small values on all threads: docs/performance.md says what that is worth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    rootlint::command::main(std::env::args_os())
}
