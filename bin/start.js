/**
 * Loads the program: the bundle in an installed package; in a checkout the bundle when it is newer than all source,
 * otherwise the source itself, which Node runs as it is.
 *
 * Compiled code is kept between runs, since reading a bundle costs more than a whole `status`. It is kept in a folder
 * of this person alone: code that another user could put there would run with this person's rights.
 */
'use strict';

const { existsSync, mkdirSync, readdirSync, statSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { homedir, platform } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '..');
const bundle = join(root, 'dist', 'mcp-rotate.cjs');
const source = join(root, 'src', 'main.ts');

function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (platform() === 'darwin') return join(homedir(), 'Library', 'Caches', 'mcp-rotate');
  if (platform() === 'win32') return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'mcp-rotate-cache');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'mcp-rotate');
}

/** A shared folder named by XDG_CACHE_HOME may hold one that another user made, or may write to. */
function isOurs(folder) {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

function newest(folder) {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}

function program() {
  if (!existsSync(bundle)) return source;
  if (!existsSync(source)) return bundle;
  return statSync(bundle).mtimeMs > newest(join(root, 'src')) ? bundle : source;
}

const chosen = program();
if (chosen === bundle) {
  try {
    const folder = cacheFolder();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOurs(folder)) enableCompileCache(folder);
  } catch {
    // No home, or a read-only one: everything works, only slower.
  }
  require(chosen);
} else {
  import(require('node:url').pathToFileURL(chosen).href);
}
