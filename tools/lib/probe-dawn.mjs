// Exits with 0 if Dawn finds an adapter and computes correctly on it. Prints the adapter's name, and whether it runs on
// the CPU.
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
// Dawn crashes the process if this object is garbage-collected while its adapters or devices are in use.
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) process.exit(1);
const device = await adapter.requestDevice();

const values = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const result = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const code = `
  @group(0) @binding(0) var<storage, read_write> values: array<u32>;
  @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { values[i] = i * i; }`;
const pipeline = device.createComputePipeline({
  layout: 'auto',
  compute: { module: device.createShaderModule({ code }) },
});
const bindGroup = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: [{ binding: 0, resource: { buffer: values } }],
});
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, bindGroup);
pass.dispatchWorkgroups(1);
pass.end();
encoder.copyBufferToBuffer(values, 0, result, 0, 16);
device.queue.submit([encoder.finish()]);
await result.mapAsync(GPUMapMode.READ);
const squares = [...new Uint32Array(result.getMappedRange())];
const { description, device: model, isFallbackAdapter } = adapter.info;
const name = description || model;
console.log(JSON.stringify({ name, software: isFallbackAdapter || /swiftshader|llvmpipe/i.test(name) }));
process.exit(squares.join() === '0,1,4,9' ? 0 : 1);
