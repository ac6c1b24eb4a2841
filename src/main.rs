//! The `rootlint` program: a thin shell around the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    rootlint::command::main(std::env::args_os())
}
