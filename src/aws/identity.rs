//! The one table of attributes that name the same thing.
