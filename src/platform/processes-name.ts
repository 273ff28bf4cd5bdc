/**
 * The name of a process that a person knows, and that clients are recognised by: that of the program's file. For a script
 * it is the script's, or the title that the script gave itself (Node since 24 calls its main thread `MainThread`); for a
 * file that is called after its version (`…/claude/versions/2.0.14`) the name it was started under. Pure.
 */

const interpreters = /^(node|nodejs|bun|deno|python[\d.]*|ruby|perl|sh|bash|dash|zsh)$/i;
const version = /^v?\d+(\.\d+)*$/;

/** `comm`: the system's own short name. `args`: the command line, the program first. */
export function programName(comm: string, executable: string | undefined, args: readonly string[]): string {
  const program = executable === undefined ? comm : baseName(executable);
  // A title that a program gave itself takes the place of the whole command line.
  const titled = args.slice(1).every((arg) => arg === '');
  const title = baseName((titled ? args[0]?.split(' ')[0] : args[0]) ?? '').replace(/^-/, '');
  if (version.test(program)) return title === '' ? comm : title;
  if (!interpreters.test(program)) return program;
  if (title !== '' && title !== program && !interpreters.test(title)) return title;
  const script = baseName(args.slice(1).find((arg) => !arg.startsWith('-')) ?? '').replace(/\.(c|m)?[jt]s$|\.py$/, '');
  return /^(index|main|cli|server|)$/.test(script) || /\s/.test(script) ? program : script;
}

/** The last part of a path of any system, without `.exe`. */
export function baseName(path: string): string {
  return (path.split(/[/\\]/).at(-1) ?? '').replace(/\.exe$/i, '');
}
