//! Organizations put together.
