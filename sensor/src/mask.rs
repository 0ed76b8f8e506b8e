//! Values leave the analysis as facts: type, length and a keyed hash.
