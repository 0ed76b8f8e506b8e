//! Where masked records go.
