//! IAM policies decided by evaluation.
