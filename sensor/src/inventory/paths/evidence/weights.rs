//! The weights of the three judgements, written by `cargo xtask eval fit`: logistic
//! regression (Newton's method, L2 penalty of 2). Positive speaks for a value.

/// In the order of [`super::FIRST`].
pub(super) const FIRST: [f32; super::FIRST.len()] = [
    -3.000, // always
    -0.914, // behind the root
    -0.539, // behind a value
    0.180,  // behind a plural
    0.417,  // behind a reserved word
    -2.533, // reserved
    0.513,  // reserved, × many
    -0.403, // share of its parts that are words of APIs
    -0.607, // the same, behind the root
    -0.543, // the same, × many
    0.564,  // all parts are words of APIs
    2.381,  // digits inside
    3.157,  // ends in digits
    3.641,  // a number
    5.033,  // capitals
    1.658,  // capitalised, unlike the host's names
    1.203,  // hyphens, unlike the host's names
    -0.449, // a hump, not capitalised
    0.534,  // a hump, unlike the host's names
    1.141,  // underscores, unlike the host's names
    -1.189, // a plural
    3.579,  // random
    1.238,  // points
    1.706,  // another mark
    -1.637, // over 20 bytes
    0.587,  // up to 2 bytes
    0.248,  // many behind the root
    -0.348, // many behind a value
    -0.114, // many behind a plural
    -0.686, // many elsewhere
    1.642,  // share of requests for words seen once
    1.331,  // the same, × many
    -0.550, // the same, × many, behind the root
    0.191,  // ln of requests of a word on average
    -0.484, // the same, behind the root
    -1.828, // the only one, × ln requests
    -0.235, // ln requests
    -0.468, // share of requests
    -0.398, // ln of requests under a parent
    0.164,  // ln of parents
    0.194,  // ln of other places of the host with it
    -0.126, // a method: share of others
    1.224,  // a shape: share of others
    -0.498, // a child: share of others
    0.417,  // a descendant: share of others
    0.974,  // a shape below: share of others
    -0.331, // a method: ln of others
    -0.187, // a shape: ln of others
    0.702,  // a child: ln of others
    0.874,  // a descendant: ln of others
    -0.812, // a shape below: ln of others
    0.134,  // no method as others have
    -1.754, // no shape as others have
    -0.299, // no child as others have
    1.077,  // no descendant as others have
    -0.618, // no shape below as others have
    1.031,  // share of others with children or none like it
    0.066,  // no words below, behind the root
    0.100,  // values below and no words
    0.566,  // changed or deleted, no values below
    -0.369, // created
    -1.689, // values beside
    0.315,  // values beside: share of traits in common
    0.351,  // values beside: a shape in common
    -0.652, // values beside: shapes, none in common
    -2.402, // share of others that are plurals
    -0.308, // no word of APIs, behind the root
    0.370,  // no word of APIs, behind a value
    0.626,  // no word of APIs, behind a plural
    1.470,  // no word of APIs, the only one
    0.387,  // another word below: share of others
    0.646,  // another word below: ln of others
    1.045,  // children: share that no other has
    -0.390, // descendants: share that no other has
    -0.782, // shapes below: share that no other has
    -1.069, // children that no other has, ln
    -1.353, // descendants that no other has, ln
    -0.078, // shapes below that no other has, ln
    0.281,  // other words below that no other has, ln
    -1.267, // a child: share of others, behind the root
    0.530,  // a child: ln of others, behind the root
    -0.164, // a shape: share of others, behind the root
    -0.029, // a shape below: share of others, behind the root
    0.462,  // a shape below: ln of others, behind the root
    -1.095, // mean share of parts of others that are words of APIs
    -0.558, // the same, × no word of APIs
    0.869,  // no word of APIs, × share of requests seen once × many
    0.219,  // many, squared
    -0.356, // no word of APIs, × many
    0.279,  // a method: share of others, × many
    0.661,  // a shape: share of others, × many
    0.295,  // a child: share of others, × many
    0.774,  // a shape below: share of others, × many
    0.876,  // nothing that no other has, × ln of what it has
    -2.316, // begins with a verb
    -5.506, // share of others that do
    0.419,  // share of others with children or none like it, × many
    0.299,  // values below and no words, × many
    -1.265, // values below and no words, behind the root, × many
];

/// In the order of [`super::SECOND`].
pub(super) const SECOND: [f32; super::SECOND.len()] = [
    -1.012, // always
    0.845,  // first score
    -0.085, // mean score of the others
    0.101,  // the same, × many
    1.288,  // share of others that are values
    0.932,  // the same, × many
    0.531,  // the only one
    -0.739, // ln of values
    -1.213, // some values
    -0.337, // reserved, × ln of values
    -0.137, // words of APIs, × ln of values
    -0.727, // a method: share of values
    -2.320, // a shape: share of values
    0.024,  // a child: share of values
    1.130,  // a descendant: share of values
    -1.409, // a shape below: share of values
    0.671,  // a method: share of literals
    1.213,  // a shape: share of literals
    0.000,  // a child: share of literals
    -0.376, // a descendant: share of literals
    1.086,  // a shape below: share of literals
    0.468,  // no method of a value
    -0.425, // no shape of a value
    -2.763, // no child of a value
    0.413,  // no descendant of a value
    0.084,  // no shape below of a value
    0.540,  // leaf like values
    2.174,  // looks like values
    0.292,  // looks like literals
    -0.072, // ln of requests against the mean of values
    -0.362, // the same, over the most of a value
    -0.611, // behind the root
    0.215,  // behind a value
    -0.176, // ln requests
    0.808,  // values beside
    0.847,  // values beside: a shape in common
    -0.661, // values beside: shapes, none in common
    -0.210, // all parts are words of APIs
    -0.743, // a plural
    1.808,  // random
    0.064,  // another word below: share of values
    3.147,  // children: share that no value has
    -0.502, // descendants: share that no value has
    -1.285, // shapes below: share that no value has
    -0.402, // children that no value has, ln
    -0.596, // descendants that no value has, ln
    0.955,  // shapes below that no value has, ln
    0.172,  // a child: share of values, × ln of values
    0.791,  // a shape: share of values, × ln of values
    0.305,  // a shape below: share of values, × ln of values
];

/// In the order of [`super::THIRD`].
pub(super) const THIRD: [f32; super::THIRD.len()] = [
    -1.642, // always
    1.345,  // first score
    -0.009, // mean score of the others
    0.085,  // the same, × many
    1.681,  // share of others that are values
    1.478,  // the same, × many
    0.981,  // the only one
    -1.214, // ln of values
    -1.642, // some values
    -0.504, // reserved, × ln of values
    -0.187, // words of APIs, × ln of values
    -1.005, // a method: share of values
    -3.334, // a shape: share of values
    0.358,  // a child: share of values
    1.540,  // a descendant: share of values
    -2.047, // a shape below: share of values
    0.957,  // a method: share of literals
    1.904,  // a shape: share of literals
    0.100,  // a child: share of literals
    -0.484, // a descendant: share of literals
    1.615,  // a shape below: share of literals
    0.813,  // no method of a value
    -0.698, // no shape of a value
    -3.758, // no child of a value
    0.483,  // no descendant of a value
    -0.059, // no shape below of a value
    0.793,  // leaf like values
    3.140,  // looks like values
    0.625,  // looks like literals
    -0.124, // ln of requests against the mean of values
    -0.616, // the same, over the most of a value
    -0.776, // behind the root
    0.353,  // behind a value
    -0.284, // ln requests
    1.303,  // values beside
    1.253,  // values beside: a shape in common
    -0.974, // values beside: shapes, none in common
    0.080,  // all parts are words of APIs
    -1.023, // a plural
    2.556,  // random
    0.161,  // another word below: share of values
    4.042,  // children: share that no value has
    -0.656, // descendants: share that no value has
    -1.457, // shapes below: share that no value has
    -0.417, // children that no value has, ln
    -0.875, // descendants that no value has, ln
    1.149,  // shapes below that no value has, ln
    0.031,  // a child: share of values, × ln of values
    1.106,  // a shape: share of values, × ln of values
    0.486,  // a shape below: share of values, × ln of values
    -0.745, // second score
    0.212,  // words of the host that look like it: ln of values against literals
    0.241,  // the same, where it is the only one
    0.139,  // words of the host behind the like: ln of values against literals
    0.159,  // the same, where it is the only one
    -0.539, // a value elsewhere
    -0.008, // a literal elsewhere
    0.333,  // a value elsewhere, ln
    0.425,  // a literal elsewhere, ln
];
