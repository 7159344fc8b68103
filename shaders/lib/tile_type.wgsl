// The type of what lies in workgroup memory: f32, or with HALF f16, which takes half the room. Sums are f32 all the same.
#if HALF
enable f16;
alias Tile4 = vec4h;
alias Tile4x4 = mat4x4h;

// Rounded; what f16 can't hold becomes its largest number.
fn tile4(value: vec4f) -> Tile4 { return vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0))); }
#else
alias Tile4 = vec4f;
alias Tile4x4 = mat4x4f;

fn tile4(value: vec4f) -> Tile4 { return value; }
#endif
