//! What `deploy/` holds, against the tools that it is made for: Helm, the API schemas of several
//! Kubernetes versions, Prometheus's own checker, and the files of the image.
//!
//! These tests need what the live tests need, and are skipped where that is missing.

mod deploy {
    mod chart;
    mod image;
    mod monitoring;
}
