//! The weights of both judgements, by logistic regression (Newton's method, L2 penalty of 2).
//!
//! Fitted on requests simulated out of 240 public specifications, 200 and 2,000 of each, with and
//! without shapes; on 60 others the judgement was right of 97% of the words. Positive speaks for a
//! value. `many` is the logarithm of how many words there are.

/// In the order of [`super::features::Place::first`].
pub(super) const FIRST: [f32; super::features::FIRST] = [
    -0.604, // always
    -6.148, // behind the root
    -1.126, // behind a value
    0.927,  // behind a plural
    1.036,  // behind a reserved word
    -4.171, // reserved
    0.363,  // reserved, × many
    3.009,  // digits inside
    0.880,  // ends in digits
    2.316,  // a number
    0.426,  // a number behind the root
    3.085,  // capitals
    1.588,  // capitalised, unlike the host's names
    1.547,  // hyphens, unlike the host's names
    0.649,  // one hyphen, unlike the host's names
    -0.430, // a hump, not capitalised
    -0.164, // a hump, unlike the host's names
    -0.884, // a plural
    4.361,  // random
    2.284,  // a point, in a name
    0.750,  // a point, in no name
    0.611,  // an underscore
    -2.830, // another mark
    -0.822, // over 20 bytes
    -0.439, // up to 2 bytes
    1.051,  // many behind the root
    0.096,  // many behind a value
    -0.065, // many behind a plural
    -0.390, // many elsewhere
    1.896,  // many seen once
    0.894,  // many seen once, behind the root
    -1.273, // the only one, × ln requests
    -0.614, // two to four, × ln requests of each
    -0.763, // behind the root, × ln requests of each
    0.748,  // children that others have, up to 3
    -0.186, // children, where no other has one of them, up to 3
    0.425,  // share of children that others have, × many
    -0.357, // ln of how many have its most common child
    0.601,  // the same behind a value or plural
    1.923,  // the same behind the root
    0.116,  // the same × many
    0.639,  // share of others with its most common child
    -0.732, // no words below, behind the root
    0.725,  // values below and no words
    0.763,  // share of others with a method and children like it
    1.362,  // changed or deleted, no values below
    -1.524, // created
    -1.172, // values beside
    0.737,  // children that the values beside have, up to 3
    1.286,  // no children, no method that the values beside have not
    -0.068, // a method that the values beside have not
    4.645,  // answers like the values beside
    -1.481, // answers unlike the values beside
    1.468,  // its share of the requests
    -0.845, // ln requests
    6.719,  // answers like another's
    -1.915, // answers like no other's, × many
    -4.758, // share of plurals
    0.217,  // words below children that others have too, up to 3
    0.339,  // the same, where no child itself is another's
    1.043,  // the same behind a plural or value
];

/// In the order of [`super::features::Values::second`].
pub(super) const SECOND: [f32; super::features::SECOND] = [
    -0.298, // always
    0.776,  // its first score
    0.098,  // mean score of the others
    0.170,  // the same × ln of all
    0.618,  // share of others that are values, × ln of all
    0.177,  // share of others that are none, × ln of all
    0.862,  // reserved, × share of values × ln of all
    0.006,  // no others
    0.659,  // children that values have, up to 3
    -0.481, // children that no value has, up to 3
    -0.150, // share of values with its most common child, × many
    0.104,  // no children, × share of values without × many
    -0.503, // no children, × share of values with × many
    0.169,  // a method that no value has
    -0.201, // share of values with a method of it, × many
    -0.087, // share of values without, × many
    -0.168, // ln of its requests against the most of a value
    -0.149, // share of values that look like it, × many
    -0.346, // share of values that do not, × many
    0.872,  // values
    -0.496, // many
    -1.436, // reserved, × many
    -0.309, // behind the root
    0.567,  // a number
    -0.565, // a plural
    2.370,  // answers like the values beside
    -0.370, // answers unlike the values beside
    -0.242, // ln requests
    2.339,  // answers like another's
    -0.475, // answers like no other's, × many
];
