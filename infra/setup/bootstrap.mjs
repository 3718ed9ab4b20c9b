// Makes a fresh clone ready, with nothing but Node and npm: installs packages when the lock file changed,
// generates the protobuf modules when a .proto changed and, with --browser, finds or installs Chromium and Firefox.
// Plain JavaScript without dependencies: it runs on the system's Node, before anything is installed.
// All output goes to standard error, so that a command's own output stays parseable.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findFirefox } from './browsers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stampFile = join(root, 'node_modules', '.dark-tower-lock-sha256');

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options }).status ?? 1;
}

function fail(message) {
  console.error(`dark-tower: ${message}`);
  process.exit(1);
}

function installPackages() {
  const lockHash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockHash) return;
  console.error('dark-tower: installing packages (npm ci) ...');
  const npm = process.env.npm_execpath;
  const status = npm ? run(process.execPath, [npm, 'ci']) : run('npm', ['ci']);
  if (status !== 0) fail('npm ci failed; its output above says why.');
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, lockHash);
}

const browsers = [
  {
    name: 'Chromium',
    find: findChromium,
    debianPackage: 'chromium',
    macOs: 'Google Chrome',
    variable: 'CHROMIUM_PATH',
  },
  {
    name: 'Firefox',
    find: findFirefox,
    debianPackage: 'firefox-esr',
    macOs: 'Firefox',
    variable: 'FIREFOX_PATH',
  },
];

function installBrowsers() {
  const missing = () => browsers.filter(({ find }) => !find());
  const packages = missing().map(({ debianPackage }) => debianPackage);
  if (packages.length === 0) return;
  const asRoot = process.getuid?.() === 0;
  if (asRoot && existsSync('/usr/bin/apt-get')) {
    console.error(`dark-tower: installing Debian's ${packages.join(' and ')} for the browser tests ...`);
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (run('apt-get', install, { env }) !== 0) {
      run('apt-get', ['update'], { env });
      run('apt-get', install, { env });
    }
  }
  for (const { name, debianPackage, macOs, variable } of missing()) {
    fail(
      `the browser tests need ${name} and none was found. Install it (Debian: \`apt-get install ${debianPackage}\` as ` +
        `root; macOS: ${macOs} from its installer) or set ${variable} to the executable, then run \`npm test\` again.`,
    );
  }
}

function checkNode() {
  // npm puts node_modules/.bin first on PATH, so scripts run on the pinned Node where one is published for the platform.
  const pinned = existsSync(join(root, 'node_modules', '.bin', 'node'));
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (!pinned && (major < 22 || (major === 22 && minor < 18))) {
    fail(`Node 22.18 or newer is needed on ${process.platform}/${process.arch}; this is ${process.version}.`);
  }
}

installPackages();
checkNode();
if (run(process.execPath, [join(root, 'infra', 'setup', 'generate.mjs')]) !== 0)
  fail('generating the protobuf modules failed.');
if (process.argv.includes('--browser')) installBrowsers();
