/** Names the parts that were not there, after the run, so that a green summary does not hide what was not tested. */
import { missingParts, parts } from './parts.ts';

export default function setup(): () => void {
  return () => {
    const missing = missingParts();
    if (missing.length === 0) return;
    console.log(`\nNot tested here, because these parts are missing: ${missing.join(', ')}`);
    console.log(`On Debian: apt-get install ${missing.map((part) => parts[part]).join(' ')}\n`);
  };
}
