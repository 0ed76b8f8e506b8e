//! The weights of the three judgements, written by `cargo xtask eval fit`: logistic
//! regression (Newton's method, L2 penalty of 2). Positive speaks for a value.

/// In the order of [`super::FIRST`].
pub(super) const FIRST: [f32; super::FIRST.len()] = [
    -2.914, // always
    -1.366, // behind the root
    -0.655, // behind a value
    -0.206, // behind a plural
    0.503,  // behind a reserved word
    -2.309, // reserved
    0.237,  // reserved, × many
    -0.517, // share of its parts that are words of APIs
    -0.711, // the same, behind the root
    -0.369, // the same, × many
    0.547,  // all parts are words of APIs
    1.849,  // digits inside
    3.059,  // ends in digits
    4.145,  // a number
    4.369,  // capitals
    1.632,  // capitalised, unlike the host's names
    0.836,  // hyphens, unlike the host's names
    0.012,  // a hump, not capitalised
    -0.033, // a hump, unlike the host's names
    0.952,  // underscores, unlike the host's names
    -1.134, // a plural
    3.007,  // random
    1.946,  // points
    2.131,  // another mark
    -1.709, // over 20 bytes
    0.950,  // up to 2 bytes
    0.396,  // many behind the root
    -0.234, // many behind a value
    0.103,  // many behind a plural
    -0.619, // many elsewhere
    1.374,  // share of requests for words seen once
    0.846,  // the same, × many
    0.113,  // the same, × many, behind the root
    0.058,  // ln of requests of a word on average
    -0.469, // the same, behind the root
    -1.887, // the only one, × ln requests
    -0.195, // ln requests
    -0.347, // share of requests
    -0.368, // ln of requests under a parent
    0.173,  // ln of parents
    0.233,  // ln of other places of the host with it
    0.284,  // a method: share of others
    1.012,  // a shape: share of others
    -0.345, // a child: share of others
    -0.142, // a descendant: share of others
    0.792,  // a shape below: share of others
    -0.300, // a method: ln of others
    -0.338, // a shape: ln of others
    0.618,  // a child: ln of others
    0.832,  // a descendant: ln of others
    -0.761, // a shape below: ln of others
    0.371,  // no method as others have
    -1.838, // no shape as others have
    -0.217, // no child as others have
    1.139,  // no descendant as others have
    -0.852, // no shape below as others have
    1.238,  // share of others with children or none like it
    0.250,  // no words below, behind the root
    1.007,  // values below and no words
    0.224,  // changed or deleted, no values below
    -0.330, // created
    -2.314, // values beside
    0.483,  // values beside: share of traits in common
    0.815,  // values beside: a shape in common
    -0.560, // values beside: shapes, none in common
    -2.422, // share of others that are plurals
    -0.654, // no word of APIs, behind the root
    0.150,  // no word of APIs, behind a value
    0.404,  // no word of APIs, behind a plural
    2.274,  // no word of APIs, the only one
    0.564,  // another word below: share of others
    0.557,  // another word below: ln of others
    0.951,  // children: share that no other has
    -0.444, // descendants: share that no other has
    -0.868, // shapes below: share that no other has
    -0.951, // children that no other has, ln
    -1.510, // descendants that no other has, ln
    -0.055, // shapes below that no other has, ln
    0.172,  // other words below that no other has, ln
    -0.173, // a child: share of others, behind the root
    0.525,  // a child: ln of others, behind the root
    -0.298, // a shape: share of others, behind the root
    -0.099, // a shape below: share of others, behind the root
    0.359,  // a shape below: ln of others, behind the root
    -1.036, // mean share of parts of others that are words of APIs
    -1.479, // the same, × no word of APIs
    1.766,  // no word of APIs, × share of requests seen once × many
    0.154,  // many, squared
    0.014,  // no word of APIs, × many
    0.132,  // a method: share of others, × many
    0.867,  // a shape: share of others, × many
    0.223,  // a child: share of others, × many
    0.809,  // a shape below: share of others, × many
    0.959,  // nothing that no other has, × ln of what it has
    -2.135, // begins with a verb
    -4.823, // share of others that do
    0.316,  // share of others with children or none like it, × many
    -0.014, // values below and no words, × many
    -1.179, // values below and no words, behind the root, × many
];

/// In the order of [`super::SECOND`].
pub(super) const SECOND: [f32; super::SECOND.len()] = [
    -1.335, // always
    0.760,  // first score
    -0.130, // mean score of the others
    0.167,  // the same, × many
    1.097,  // share of others that are values
    1.229,  // the same, × many
    0.346,  // the only one
    -1.254, // ln of values
    -0.272, // some values
    -0.461, // reserved, × ln of values
    -0.252, // words of APIs, × ln of values
    0.239,  // a method: share of values
    -2.970, // a shape: share of values
    -0.433, // a child: share of values
    1.223,  // a descendant: share of values
    -1.352, // a shape below: share of values
    0.211,  // a method: share of literals
    1.529,  // a shape: share of literals
    0.232,  // a child: share of literals
    -0.583, // a descendant: share of literals
    1.185,  // a shape below: share of literals
    0.614,  // no method of a value
    -0.191, // no shape of a value
    -3.366, // no child of a value
    1.334,  // no descendant of a value
    0.359,  // no shape below of a value
    0.464,  // leaf like values
    2.040,  // looks like values
    0.371,  // looks like literals
    -0.257, // ln of requests against the mean of values
    -0.423, // the same, over the most of a value
    -0.766, // behind the root
    0.195,  // behind a value
    -0.145, // ln requests
    0.886,  // values beside
    1.670,  // values beside: a shape in common
    -0.942, // values beside: shapes, none in common
    -0.141, // all parts are words of APIs
    -0.681, // a plural
    1.646,  // random
    0.218,  // another word below: share of values
    3.193,  // children: share that no value has
    -1.341, // descendants: share that no value has
    -2.077, // shapes below: share that no value has
    0.334,  // children that no value has, ln
    -1.169, // descendants that no value has, ln
    1.599,  // shapes below that no value has, ln
    0.323,  // a child: share of values, × ln of values
    0.710,  // a shape: share of values, × ln of values
    0.252,  // a shape below: share of values, × ln of values
];

/// In the order of [`super::THIRD`].
pub(super) const THIRD: [f32; super::THIRD.len()] = [
    -1.664, // always
    0.931,  // first score
    -0.024, // mean score of the others
    0.165,  // the same, × many
    0.857,  // share of others that are values
    1.449,  // the same, × many
    0.420,  // the only one
    -1.564, // ln of values
    -0.145, // some values
    -0.594, // reserved, × ln of values
    -0.230, // words of APIs, × ln of values
    0.380,  // a method: share of values
    -3.381, // a shape: share of values
    -0.307, // a child: share of values
    1.508,  // a descendant: share of values
    -1.738, // a shape below: share of values
    0.312,  // a method: share of literals
    1.959,  // a shape: share of literals
    0.403,  // a child: share of literals
    -0.651, // a descendant: share of literals
    1.650,  // a shape below: share of literals
    0.784,  // no method of a value
    -0.355, // no shape of a value
    -3.995, // no child of a value
    1.381,  // no descendant of a value
    0.457,  // no shape below of a value
    0.524,  // leaf like values
    2.276,  // looks like values
    0.688,  // looks like literals
    -0.353, // ln of requests against the mean of values
    -0.461, // the same, over the most of a value
    -0.857, // behind the root
    0.121,  // behind a value
    -0.236, // ln requests
    1.078,  // values beside
    1.889,  // values beside: a shape in common
    -1.118, // values beside: shapes, none in common
    0.363,  // all parts are words of APIs
    -0.736, // a plural
    2.168,  // random
    0.454,  // another word below: share of values
    3.554,  // children: share that no value has
    -1.529, // descendants: share that no value has
    -2.279, // shapes below: share that no value has
    0.465,  // children that no value has, ln
    -1.477, // descendants that no value has, ln
    1.620,  // shapes below that no value has, ln
    0.248,  // a child: share of values, × ln of values
    0.776,  // a shape: share of values, × ln of values
    0.382,  // a shape below: share of values, × ln of values
    -0.396, // second score
    0.340,  // words of the host that look like it: ln of values against literals
    0.176,  // the same, where it is the only one
    0.087,  // words of the host behind the like: ln of values against literals
    0.205,  // the same, where it is the only one
    -0.122, // a value elsewhere
    0.029,  // a literal elsewhere
    0.147,  // a value elsewhere, ln
    0.444,  // a literal elsewhere, ln
];
