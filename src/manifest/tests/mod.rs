//! Manifests read into resources.
