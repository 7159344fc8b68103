// A packed weight as vectors of four elements, counted over the row-major matrix, as lib/dense_weight gives a dense one.
// Unpacks each vector at its use: right where a weight is used once, for one row. The including kernel is given
// CODES_BINDING, SCALES_BINDING where the format has scales of their own, and the constants and overrides that the format's
// `reader` in src/ops/packings tells.
#if WEIGHT_NF4
#include lib/nf4_weight4
#endif
