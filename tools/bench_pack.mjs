// Packs the bench with all its dependencies into an archive for a bare x86-64 Linux machine: unpack, ./bench.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildBench } from './lib/bench.mjs';
import { readJson, root } from './lib/run.mjs';

const MOST_BYTES = 50 * 2 ** 20;
const NAME = 'tunesmith-bench';
/** Libraries beside glibc that Node and Dawn link to, and the Vulkan loader. */
const NEEDED = ['libstdc++.so.6', 'libgcc_s.so.1', 'libvulkan.so.1'];
/** Libraries that NVIDIA's driver links to, for machines without a window system. */
const FOR_DRIVERS = [
  ...['libGLdispatch.so.0', 'libX11.so.6', 'libXext.so.6', 'libxcb.so.1'],
  ...['libXau.so.6', 'libXdmcp.so.6', 'libbsd.so.0', 'libmd.so.0'],
];

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error('The archive holds this Node and this system’s libraries: pack it on x86-64 Linux.');
}

const out = join(root, 'build', 'pack');
const folder = join(out, NAME);
const app = join(folder, 'app');
rmSync(out, { recursive: true, force: true });
mkdirSync(app, { recursive: true });

for (const name of ['main', 'profile']) await buildBench(name, { outDir: app, alone: true });
for (const name of ['start.mjs', 'libraries.mjs']) cpSync(join(root, 'tools', 'pack', name), join(app, name));
cpSync(join(root, 'tools', 'lib', 'probe-dawn.mjs'), join(app, 'probe-dawn.mjs'));
cpSync(join(root, 'tools', 'pack', 'bench'), join(folder, 'bench'));
chmodSync(join(folder, 'bench'), 0o755);
cpSync(join(root, 'bench', 'peers', 'pytorch.py'), join(app, 'pytorch.py'));
writeFileSync(join(app, 'version'), `${version()}\n`);
// Marks the folder's .js files as modules.
writeFileSync(join(app, 'package.json'), '{ "type": "module" }\n');

const dawn = join(root, 'node_modules', 'webgpu');
const binary = join('dist', 'linux-x64', 'dawn.node');
for (const name of ['package.json', 'index.js', 'LICENSE.md', binary]) {
  cpSync(join(dawn, name), join(app, 'node_modules', 'webgpu', name));
}
cpSync(process.execPath, join(folder, 'node'));
for (const path of [join(folder, 'node'), join(app, 'node_modules', 'webgpu', binary)]) {
  chmodSync(path, 0o755);
  // Removes symbols that only debuggers read, if `strip` exists.
  spawnSync('strip', [path], { stdio: 'ignore' });
}
for (const name of [...NEEDED, ...FOR_DRIVERS]) {
  const path = libraryPath(name);
  if (path !== undefined) cpSync(path, join(folder, 'lib', name, name));
  else if (NEEDED.includes(name)) throw new Error(`This system has no ${name} to pack.`);
}

const archive = join(out, `${NAME}-linux-x64.tar.gz`);
run('tar', ['-C', out, '--owner=0', '--group=0', '-cf', join(out, 'bench.tar'), NAME]);
run('sh', ['-c', 'gzip -9 <"$1" >"$2"', 'sh', join(out, 'bench.tar'), archive]);
rmSync(join(out, 'bench.tar'));
const bytes = statSync(archive).size;
console.log(`${archive}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
if (bytes >= MOST_BYTES) throw new Error('That is more than 50 MiB.');

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`${program}: ${stderr}`);
  return stdout;
}

/**
 * The path of a library on this system, with links resolved.
 * @param {string} name
 */
function libraryPath(name) {
  const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((path) => existsSync(path)) ?? 'ldconfig';
  const line = run(ldconfig, ['-p'])
    .split('\n')
    .find((each) => each.trim().startsWith(`${name} (libc6,x86-64)`));
  const path = line?.split(' => ')[1];
  return path === undefined ? undefined : realpathSync(path);
}

/** The version of this project, and the commit if it is known. */
function version() {
  const manifest = /** @type {{ version: string }} */ (readJson(join(root, 'package.json')));
  const { stdout, status } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? `${manifest.version} ${stdout.trim()}` : manifest.version;
}
