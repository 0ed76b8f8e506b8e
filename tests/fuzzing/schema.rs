//! Bodies of requests and responses, as the schemas are learned from them.

use sensor::inventory::schema::{
    Body, FieldId, Learner, MediaType, Observer, Operations, Scalar, Tree,
    body::{Buffers, read},
    operation,
    tree::Frames,
};

/// Most fields learned of an input: few, so that small inputs reach it.
const MAX_FIELDS: usize = 40;

const MEDIA_TYPES: [&[u8]; 8] = [
    b"application/json",
    b"application/x-ndjson",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/xml",
    b"application/graphql",
    b"text/plain",
    b"image/png",
];

/// Counts what it is shown.
struct Count(usize);

impl Observer for Count {
    fn value(&mut self, _: FieldId, _: &str, _: Scalar<'_>) -> bool {
        self.0 += 1;
        false
    }
}

/// Readers of bodies, the learner, merging and the finder of operations: the first byte chooses
/// media type and whether the body was cut. Panics when a bound does not hold, or when what was
/// learned does not merge with itself or come back from its stored form.
pub fn schema(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    let media_type = MediaType::read(MEDIA_TYPES[usize::from(first & 7)]);
    let body = Body { bytes, is_whole: first & 8 == 0 };
    let (mut frames, mut buffers, mut count) = (Frames::default(), Buffers::default(), Count(0));
    let mut tree = Tree::new(FieldId::root("fuzz"));
    for _ in 0..2 {
        let mut learner = Learner::new(&mut tree, &mut frames, &mut count, MAX_FIELDS, 1);
        let ending = read(body, &media_type, &mut buffers, &mut learner);
        learner.finish(ending);
    }
    assert!(tree.len() <= MAX_FIELDS);
    assert!(count.0 <= 4 * bytes.len() + 4);
    let described = tree.describe();
    let stored = serde_json::to_string(&tree).expect("serialises");
    let mut back: Tree = serde_json::from_str(&stored).expect("comes back");
    assert_eq!(back.describe(), described);
    back.merge(&tree, MAX_FIELDS);
    assert!(back.len() <= MAX_FIELDS);
    let mut operations = Operations::default();
    operation::find(Some(bytes), &media_type, Some(body), &mut buffers, &mut operations);
    assert!(operations.names().count() <= 16);
}
