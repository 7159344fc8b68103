// A packed weight as vectors of four elements, counted over the row-major matrix, as lib/dense_weight gives a dense one.
// Unpacks each vector at its use: right where a weight is used once, for one row. The including kernel is given
// CODES_BINDING, SCALES_BINDING where the format has scales of their own, and the constants and overrides that the format's
// `reader` in src/ops/packings tells.
#if WEIGHT_NF4
#include lib/nf4_weight4
#endif
#if WEIGHT_GPTQ
#include lib/gptq_weight4
#endif
#if WEIGHT_AWQ
#include lib/awq_weight4
#endif
#if WEIGHT_Q8_0
#include lib/q8_0_weight4
#endif
#if WEIGHT_Q4_0
#include lib/q4_0_weight4
#endif
#if WEIGHT_Q4_1
#include lib/q4_1_weight4
#endif
#if WEIGHT_Q4_K
#include lib/q4_k_weight4
#endif
#if WEIGHT_Q6_K
#include lib/q6_k_weight4
#endif
