/**
 * Which no-op call proves a credential through a given server: found by the program that the launch starts, never by
 * what stands among that program's own arguments. Pure.
 */
import type { ServerLaunch, ToolCall, ToolOutcome } from '../ports/mcp.ts';
import { type RecipeRow, recipeRows, withoutCall } from './recipe-data.ts';

export interface Recipe {
  readonly call: ToolCall;
  /** Did the call reach the provider and come back with what it gives only to those it knows? */
  worked(outcome: ToolOutcome): boolean;
}

/** `why`: one clause, for a person. */
export function recipeFor(launch: ServerLaunch): { readonly recipe: Recipe } | { readonly why: string } {
  const { names, host } =
    launch.kind === 'remote' ? { names: [], host: hostOf(launch.url) } : startedBy(launch.command, launch.args);
  const fits = (row: { readonly names: readonly string[]; readonly hosts?: readonly string[] }) =>
    host === undefined ? row.names.some((name) => names.includes(name)) : (row.hosts ?? []).includes(host);
  const row = recipeRows.find(fits);
  if (row !== undefined) return { recipe: recipeOf(row) };
  return { why: withoutCall.find(fits)?.why ?? 'no harmless call is known for this server' };
}

function recipeOf({ tool, arguments: args, worked }: RecipeRow): Recipe {
  return {
    call: { tool, arguments: args },
    worked: (outcome) => outcome.kind === 'answered' && !outcome.isError && worked.test(outcome.text),
  };
}

interface Started {
  readonly names: readonly string[];
  /** Set when the program is only a bridge to a remote server. */
  readonly host?: string | undefined;
}

const runners = /^(npx|bunx|pnpx|npm|pnpm|yarn|bun)$/;
/** Flags that take a value as a word of their own, per kind of runner. */
const valued: Readonly<Record<string, RegExp>> = {
  npm: /^(-p|--package|-c|--call|--prefix|--registry|--cache|--userconfig)$/,
  uv: /^(--from|--with|--python|-p|--directory|--project|--index-url|--env-file|--with-editable)$/,
  script: /^(-r|--require|--import|--loader|--env-file|-X|-W|-C|--conditions|--max-old-space-size)$/,
  docker:
    /^(-e|--env|--env-file|-v|--volume|--mount|--name|--network|--net|-p|--publish|-w|--workdir|-u|--user|--platform|--pull|--add-host|--entrypoint|-l|--label|-m|--memory|--cpus|--dns|-h|--hostname|--gpus|--log-driver|--tmpfs|--cidfile|--security-opt|--cap-drop|--cap-add|--ulimit|--restart|--runtime|--ipc|--pid|--shm-size)$/,
};

function startedBy(command: string, args: readonly string[], depth = 0): Started {
  const program = baseOf(command).replace(/\.(exe|cmd|bat|ps1)$/i, '');
  if (depth > 4) return { names: [] };
  const again = (rest: readonly string[]) =>
    rest[0] === undefined ? { names: [] } : startedBy(rest[0], rest.slice(1), depth + 1);
  if (program === 'cmd') return again(args.slice(args.findIndex((arg) => /^\/c$/i.test(arg)) + 1));
  if (program === 'env') return again(args.slice(args.findIndex((arg) => !/^(-\w*|\w+=.*)$/.test(arg))));
  if (runners.test(program)) return byPackage(program, args);
  if (program === 'uvx') return byPython(args);
  if (program === 'pipx') return byPython(after(args, 'run'));
  if (program === 'uv')
    return args.includes('tool') ? byPython(after(after(args, 'tool'), 'run')) : again(words(after(args, 'run'), 'uv'));
  if (/^(node|nodejs|tsx|deno|python[\d.]*)$/.test(program)) return byScript(args);
  if (program === 'docker' || program === 'podman') return { names: [imageName(words(after(args, 'run'), 'docker')[0] ?? '')] };
  return { names: [program] };
}

/** What comes after a subcommand; all of it when the subcommand is not there. */
const after = (args: readonly string[], word: string): readonly string[] => args.slice(args.indexOf(word) + 1);

/** The words from the first that is neither a flag nor a flag's value. */
function words(args: readonly string[], kind: string): readonly string[] {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return args.slice(i + 1);
    if (!arg.startsWith('-')) return args.slice(i);
    if (valued[kind]?.test(arg)) i++;
  }
  return [];
}

function byPackage(program: string, args: readonly string[]): Started {
  const rest = /^(npx|bunx|pnpx)$/.test(program) ? args : args.slice(args.findIndex((arg) => /^(exec|x|dlx)$/.test(arg)) + 1);
  const [first = '', ...own] = words(rest, 'npm');
  const named = rest.flatMap((arg, i) =>
    /^(-p|--package)$/.test(arg) ? [rest[i + 1] ?? ''] : (/^--package=(.+)$/.exec(arg)?.slice(1) ?? []),
  );
  // `bun run x` and `bun x.ts` start a file, not a package.
  if (program === 'bun' && !/^(x|exec)$/.test(args[0] ?? '')) return byScript(args[0] === 'run' ? args.slice(1) : args);
  const name = packageName(first);
  if (name === 'mcp-remote') return { names: [name], host: hostOf(own.find((arg) => /^https?:/.test(arg)) ?? '') };
  return { names: [...named.map(packageName), name] };
}

function byPython(args: readonly string[]): Started {
  const from = args.flatMap((arg, i) => (arg === '--from' ? [args[i + 1] ?? ''] : (/^--from=(.+)$/.exec(arg)?.slice(1) ?? [])));
  return { names: [...from, words(args, 'uv')[0] ?? ''].map((spec) => spec.replace(/[@=<>~![].*$/, '')) };
}

/** `node …/node_modules/@scope/name/dist/index.js`, `python -m name`, `node /usr/bin/mcp-server-postgres`. */
function byScript(args: readonly string[]): Started {
  const module = args.indexOf('-m');
  const file = (words(args, 'script')[0] ?? '').replaceAll('\\', '/');
  if (module !== -1 && (file === '' || args.indexOf(file) > module)) return { names: [args[module + 1] ?? ''] };
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  return { names: [inPackage ?? baseOf(file).replace(/\.(c|m)?[jt]s$|\.py$/, '')] };
}

const baseOf = (path: string): string => path.split(/[/\\]/).at(-1) ?? '';

const packageName = (spec: string): string => /^(@[^/@]+\/[^/@]+|[^/@]+)(@.*)?$/.exec(spec)?.[1] ?? spec;

/** Without digest, tag and the default registry; a port of a registry stays. */
const imageName = (image: string): string =>
  image
    .replace(/@sha256:.*$/, '')
    .replace(/:[^/:]*$/, '')
    .replace(/^docker\.io\//, '');

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
