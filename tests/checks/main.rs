//! Every check, on the examples of its page and on its cases.

#[cfg(test)]
mod runner;
