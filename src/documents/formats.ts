/** The format of a file by its name, for files that no client describes. Clients state the format of theirs. */
import type { Format } from './document.ts';

const shellFiles = new Set(
  ['bashrc', 'zshrc', 'profile', 'zprofile', 'bash_profile', 'bash_login', 'zshenv', 'zlogin', 'envrc'].map((name) => `.${name}`),
);

/** `.json` is read with comments allowed: a reader of foreign files is tolerant. `.env` and `.env.*` are dotenv. */
export function formatOf(fileName: string): Format | undefined {
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  if (shellFiles.has(name)) return 'shell';
  if (name === '.env' || name.startsWith('.env.') || name.endsWith('.env')) return 'dotenv';
  switch (name.slice(name.lastIndexOf('.') + 1).toLowerCase()) {
    case name.toLowerCase():
      return undefined;
    case 'json':
    case 'jsonc':
    case 'code-workspace':
      return 'jsonc';
    case 'toml':
      return 'toml';
    case 'yaml':
    case 'yml':
      return 'yaml';
    case 'sh':
    case 'bash':
    case 'zsh':
      return 'shell';
    default:
      return undefined;
  }
}
