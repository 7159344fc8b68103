// A kernel written for Vector takes four elements at a time, or one where a size is no multiple of four (constant SCALAR).
#if SCALAR
alias Vector = f32;

fn total(v: Vector) -> f32 { return v; }
#else
alias Vector = vec4f;

fn total(v: Vector) -> f32 { return (v.x + v.y) + (v.z + v.w); }
#endif
