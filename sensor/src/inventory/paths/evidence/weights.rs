//! The weights of both judgements, by logistic regression (Newton's method, L2 penalty of 2).
//!
//! Fitted on requests simulated out of 240 public specifications, 200 and 2,000 of each, with and
//! without shapes; on 60 others the judgement was right of 97% of the words. Positive speaks for a
//! value. `many` is the logarithm of how many words there are.

/// In the order of [`super::features::Place::first`].
pub(super) const FIRST: [f32; super::features::FIRST] = [
    -0.60, // always
    -6.00, // behind the root
    -1.08, // behind a value
    0.90,  // behind a plural
    1.02,  // behind a reserved word
    -4.20, // reserved
    0.33,  // reserved, × many
    3.05,  // digits inside
    0.96,  // ends in digits
    2.37,  // a number
    0.48,  // a number behind the root
    3.28,  // capitals
    1.52,  // capitalised, unlike the host's names
    1.55,  // hyphens, unlike the host's names
    0.66,  // one hyphen, unlike the host's names
    -0.47, // a hump, not capitalised
    -0.14, // a hump, unlike the host's names
    -0.90, // a plural
    4.39,  // random
    1.67,  // a point, in a name
    0.55,  // a point, in no name
    0.67,  // an underscore
    -2.94, // another mark
    -0.82, // over 20 bytes
    -0.51, // up to 2 bytes
    0.90,  // many behind the root
    0.04,  // many behind a value
    -0.06, // many behind a plural
    -0.41, // many elsewhere
    1.91,  // many seen once
    0.87,  // many seen once, behind the root
    -1.35, // the only one, × ln requests
    -0.66, // two to four, × ln requests of each
    -0.68, // behind the root, × ln requests of each
    0.92,  // children that others have, up to 3
    -0.13, // children, where no other has one of them, up to 3
    0.47,  // share of children that others have, × many
    -0.55, // ln of how many have its most common child
    0.81,  // the same behind a value or plural
    1.83,  // the same behind the root
    0.15,  // the same × many
    0.66,  // share of others with its most common child
    -1.00, // no words below, behind the root
    0.75,  // values below and no words
    0.79,  // share of others with a method and children like it
    1.39,  // changed or deleted, no values below
    -1.52, // created
    -1.17, // values beside
    0.68,  // children that the values beside have, up to 3
    1.31,  // no children, no method that the values beside have not
    -0.06, // a method that the values beside have not
    4.66,  // answers like the values beside
    -1.47, // answers unlike the values beside
    1.32,  // its share of the requests
    -0.81, // ln requests
    6.68,  // answers like another's
    -1.93, // answers like no other's, × many
    -4.73, // share of plurals
    0.00,  // words below children that others have too, up to 3
    0.00,  // the same, where no child itself is another's
    0.00,  // the same behind a plural or value
    0.00,  // words with points behind the root
    0.00,  // a name space
];

/// In the order of [`super::features::Values::second`].
pub(super) const SECOND: [f32; super::features::SECOND] = [
    -0.23, // always
    0.77,  // its first score
    0.11,  // mean score of the others
    0.15,  // the same × ln of all
    0.44,  // share of others that are values, × ln of all
    0.08,  // share of others that are none, × ln of all
    0.91,  // reserved, × share of values × ln of all
    -0.08, // no others
    0.68,  // children that values have, up to 3
    -0.42, // children that no value has, up to 3
    -0.13, // share of values with its most common child, × many
    0.17,  // no children, × share of values without × many
    -0.47, // no children, × share of values with × many
    0.21,  // a method that no value has
    -0.26, // share of values with a method of it, × many
    -0.10, // share of values without, × many
    -0.21, // ln of its requests against the most of a value
    -0.10, // share of values that look like it, × many
    -0.27, // share of values that do not, × many
    0.76,  // values
    -0.37, // many
    -1.49, // reserved, × many
    -0.25, // behind the root
    0.60,  // a number
    -0.57, // a plural
    2.37,  // answers like the values beside
    -0.42, // answers unlike the values beside
    -0.25, // ln requests
    2.38,  // answers like another's
    -0.49, // answers like no other's, × many
];
