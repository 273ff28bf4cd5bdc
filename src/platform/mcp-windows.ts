/**
 * Starting a server command on Windows, where `npx` and its like are batch files: those run only through cmd.exe, whose
 * quoting differs from that of the programs behind it. Pure.
 */

export interface WindowsStart {
  readonly program: string;
  readonly args: readonly string[];
  /** The arguments are a finished command line: Node must not quote them again. */
  readonly verbatim: boolean;
}

/** `path`: the file that the command was found to be. */
export function windowsStart(path: string, args: readonly string[]): WindowsStart {
  if (!/\.(cmd|bat)$/i.test(path)) return { program: path, args, verbatim: false };
  // A batch file hands its arguments on to a second command line, so they are escaped once for each.
  const line = [escaped(path), ...args.map((arg) => escaped(escaped(quoted(arg))))].join(' ');
  return { program: 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], verbatim: true };
}

/** By the rules of the C runtime: backslashes are special only before a quote. */
function quoted(arg: string): string {
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** cmd.exe's own special characters. */
function escaped(text: string): string {
  return text.replace(/[()\][%!^"`<>&|;, *?]/g, '^$&');
}
