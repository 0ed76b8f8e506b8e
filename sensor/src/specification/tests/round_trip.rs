//! What is exported can be read again.

use proptest::prelude::*;

use super::sample::{HOST, operation, operations};
use crate::{
    inventory::description::{Operation, Schema},
    specification::{DifferenceKind, Hosts, diff, export, read},
};

fn forget_counts(schema: &mut Schema) {
    schema.seen = 0;
    schema.items.iter_mut().for_each(|items| forget_counts(items));
    schema.additional_properties.iter_mut().for_each(|values| forget_counts(values));
    schema.properties.values_mut().for_each(forget_counts);
}

fn without_counts(mut operation: Operation) -> Operation {
    operation.parameters.iter_mut().for_each(|one| forget_counts(&mut one.schema));
    operation.request.values_mut().for_each(forget_counts);
    let bodies = operation.responses.values_mut().flat_map(|bodies| bodies.values_mut());
    bodies.for_each(forget_counts);
    operation
}

proptest! {
    #[test]
    fn an_operation_comes_back_as_it_was(operation in operation()) {
        let document = export(HOST, std::slice::from_ref(&operation)).to_string();
        let specification = read(document.as_bytes());
        prop_assert_eq!(&specification.problems, &[]);
        prop_assert_eq!(&specification.operations, &[without_counts(operation)]);
    }

    #[test]
    fn what_is_exported_declares_what_was_learned(operations in operations()) {
        let document = export(HOST, &operations).to_string();
        let specification = read(document.as_bytes());
        prop_assert_eq!(&specification.problems, &[]);
        // A declared operation is deprecated only with all that share its path.
        let mut learned = operations;
        for one in &mut learned {
            one.deprecated = false;
        }
        let differences = diff(&specification.operations, &[], &learned, Hosts::Declared);
        let others: Vec<_> = differences
            .into_iter()
            .filter(|one| one.kind != DifferenceKind::Zombie)
            .collect();
        prop_assert_eq!(others, &[]);
    }

    /// The same whatever the order.
    #[test]
    fn operations_are_exported_in_any_order(operations in operations()) {
        let mut reversed = operations.clone();
        reversed.reverse();
        let paths = |document: serde_json::Value| {
            document["paths"].as_object().map_or(0, serde_json::Map::len)
        };
        prop_assert_eq!(paths(export(HOST, &operations)), paths(export(HOST, &reversed)));
    }
}
