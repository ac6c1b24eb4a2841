//! What GitHub takes, as data (its documentation: "SARIF support for code scanning", "Workflow commands", "Job
//! summaries"). Beyond a limit the worst is kept and the output says how much is missing.

/// Results of a run of a SARIF file: with more, the whole file is refused. 5,000 of them are shown, by severity.
pub const SARIF_RESULTS: usize = 25_000;

/// Bytes of a SARIF file once compressed by gzip: with more, the whole file is refused.
pub const SARIF_COMPRESSED_BYTES: usize = 10_000_000;

/// Places of a result: 100 are kept, and with more than 1,000 the whole file is refused.
pub const SARIF_PLACES: usize = 100;

/// Tags of a rule.
pub const SARIF_TAGS: usize = 20;

/// Characters of a rule's descriptions.
pub const SARIF_DESCRIPTION: usize = 1024;

/// Annotations of one kind (error, warning, notice) in a step: the rest is dropped without a word.
pub const ANNOTATIONS_OF_A_KIND: usize = 10;

/// Bytes of a step's summary: a longer one is refused.
pub const SUMMARY_BYTES: usize = 1 << 20;
