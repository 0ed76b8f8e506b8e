//! Masked records: the only form in which an exchange leaves the analysis.
