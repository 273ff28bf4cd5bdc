/**
 * Goal: the names that the programs print become exactly the items of a service, and what is not wholly understood becomes no
 * list at all.
 * Method: outputs as the programs print them (Linux: taken from real runs; macOS and Windows: samples), cut and changed;
 * programs that answer from a table, with a count of what was run. The real gnome-keyring is in keyring.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../base/problem.ts';
import { readBusctl, readDbusSend, readVariantText } from './keyring-dbus.ts';
import { readCmdkey, readKeychain } from './keyring-foreign.ts';
import { listItems } from './keyring-list.ts';

describe('what gdbus prints', () => {
  it('is read with its types, quotes and escapes', () => {
    expect(readVariantText("([objectpath '/a/1', '/a/2'], @ao [])\n")).toEqual([['/a/1', '/a/2'], []]);
    expect(readVariantText("(<{'service': 'S', 'u': \"o'b \\\"q\\\" \\\\ \\n\\u00e4\\U0001f511\"}>,)")).toEqual([
      new Map([
        ['service', 'S'],
        ['u', 'o\'b "q" \\ \nä\u{1f511}'],
      ]),
    ]);
    expect(readVariantText('(<@a{ss} {}>, <false>, uint64 12)')).toEqual([new Map(), false, 12]);
  });

  it('is not read when a part is missing', () => {
    const whole = "(<{'a': 'b', 'c': 'd'}>, [objectpath '/x'],)";
    expect(readVariantText(whole)).toBeDefined();
    for (let end = 0; end < whole.length; end++) expect(readVariantText(whole.slice(0, end))).toBeUndefined();
    expect(readVariantText(`${whole} more`)).toBeUndefined();
  });

  it('gives back every text that was quoted', () => {
    const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
        expect(readVariantText(`([${texts.map(quoted).join(', ')}],)`)).toEqual([texts]);
      }),
    );
  });
});

describe('what dbus-send prints', () => {
  const head = 'method return time=1.3 sender=:1.1 -> destination=:1.14 serial=31 reply_serial=2';
  const attributes = `${head}
   variant       array [
         dict entry(
            string "service"
            string "o'b "q" \\me"
         )
      ]
`;
  it('is read, quotes within quotes too', () => {
    expect(readDbusSend(attributes)).toEqual([new Map([['service', 'o\'b "q" \\me']])]);
    expect(readDbusSend(`${head}\n   array [\n      object path "/a"\n   ]\n   array [\n   ]\n`)).toEqual([['/a'], []]);
    expect(readDbusSend(`${head}\n   variant       boolean true\n`)).toEqual([true]);
  });

  it('is not read when a line is missing or in no form', () => {
    const lines = attributes.trimEnd().split('\n');
    for (let end = 2; end < lines.length; end++) expect(readDbusSend(lines.slice(0, end).join('\n'))).toBeUndefined();
    expect(readDbusSend(attributes.replace("o'b", "o'\nb"))).toBeUndefined();
    expect(readDbusSend('Error org.freedesktop.DBus.Error.ServiceUnknown: no')).toBeUndefined();
  });
});

describe('what busctl prints', () => {
  it('is read as a call or a property', () => {
    expect(readBusctl('{"type":"aoao","data":[["/a"],[]]}\n')).toEqual([['/a'], []]);
    expect(readBusctl('{"type":"a{ss}","data":{"service":"S"}}')).toEqual([new Map([['service', 'S']])]);
    expect(readBusctl('{"type":"b","data":true}')).toEqual([true]);
    expect(['', '{', 'null', '{"data":[]}', '{"type":"b","data":null}'].map(readBusctl)).toEqual(Array(5).fill(undefined));
  });
});

describe('programs on Linux', () => {
  /** Answers by program and what is asked for; notes what was run. */
  const machine = (
    answers: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = { DBUS_SESSION_BUS_ADDRESS: 'unix:x' },
  ) => {
    const ran: string[] = [];
    const processes = {
      which: async () => undefined,
      run: async (program: string, args: readonly string[]) => {
        const asked = `${program} ${args.join(' ')}`;
        ran.push(asked);
        const found = Object.entries(answers).find(([words]) => words.split(' ').every((word) => asked.includes(word)));
        if (found === undefined) throw new Problem('file/absent', { what: 'not there' });
        return { status: found[1].startsWith('Error') ? 1 : 0, output: found[1], errors: '' };
      },
    };
    return { ran, list: (service = 'S') => listItems({ os: 'linux', env: (name) => env[name] }, processes, service) };
  };

  it('are not started where there is no bus', async () => {
    const { list, ran } = machine({}, { XDG_RUNTIME_DIR: '/nowhere' });
    expect(await list()).toBe('unavailable');
    expect(ran).toEqual([]);
  });

  it('are tried one after the other, until one is understood', async () => {
    const attributes = '{"type":"a{ss}","data":{"service":"S","username":"a"}}';
    const { list, ran } = machine({
      'gdbus SearchItems': 'something new',
      'busctl SearchItems': '{"type":"aoao","data":[["/i/1","/i/2"],[]]}',
      'busctl /i/': attributes,
    });
    expect(await list()).toEqual([{ service: 'S', account: 'a' }]);
    expect(ran.map((words) => words.split(' ')[0])).toEqual(['gdbus', 'dbus-send', 'busctl', 'busctl', 'busctl']);
  });

  it('that find nothing are asked whether a locked collection hides all', async () => {
    const with_ = (locked: boolean, items: string) =>
      machine({
        'gdbus SearchItems': '(@ao [], @ao [])',
        'gdbus Collections': "(<[objectpath '/c/login', '/c/session']>,)",
        'gdbus /c/session Locked': '(<false>,)',
        'gdbus /c/login Locked': `(<${locked}>,)`,
        'gdbus /c/login Items': `(<${items}>,)`,
      }).list();
    expect(await with_(true, '@ao []')).toBe('locked');
    expect(await with_(true, "[objectpath '/c/login/1']")).toEqual([]);
    expect(await with_(false, '@ao []')).toEqual([]);
  });

  it('make no list of some of the items', async () => {
    const search = {
      'gdbus SearchItems': "([objectpath '/i/1'], [objectpath '/i/2'])",
      'gdbus /i/1': "(<{'service': 'S', 'username': 'a'}>,)",
    };
    expect(await machine(search).list()).toBe('unavailable');
    expect(
      await machine({ ...search, 'gdbus /i/2': "(<{'gkr:compat:hashed:service': '5dbc98dcc983a70728bd082d1a47546e'}>,)" }).list(),
    ).toBe('locked');
    // locked again in this session: attributes are still told
    expect(await machine({ ...search, 'gdbus /i/2': "(<{'service': 'S', 'account': 'b'}>,)" }).list()).toEqual([
      { service: 'S', account: 'a' },
      { service: 'S', account: 'b' },
    ]);
  });

  it('are never given what is no path, nor a service as more than a text', async () => {
    const { list, ran } = machine({ 'gdbus SearchItems': "([objectpath '--help'], @ao [])" });
    expect(await list("x'}, <'\\")).toBe('unavailable');
    expect(ran[0]).toContain("{'service': 'x\\'}, <\\'\\\\'}");
    expect(ran.some((words) => words.includes('--help'))).toBe(false);
    expect(await machine({}).list('a,service,b')).toBe('unavailable');
  });
});

describe('other systems', () => {
  const keychain = `keychain: "/Users/ada/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    0x00000007 <blob>="Codex MCP Credentials"
    0x00000008 <blob>=<NULL>
    "acct"<blob>="lab|8515ced8d4036819"
    "cdat"<timedate>=0x32303236313132333031313430305A00  "20261123011400Z\\000"
    "svce"<blob>="Codex MCP Credentials"
keychain: "/Users/ada/Library/Keychains/login.keychain-db"
version: 512
class: "genp"
attributes:
    "acct"<blob>=0x6E61C3AF7665  "na\\303\\257ve"
    "svce"<blob>="Codex MCP Credentials"
keychain: "/Users/ada/Library/Keychains/login.keychain-db"
version: 512
class: "inet"
attributes:
    "acct"<blob>="web"
    "svce"<blob>="Codex MCP Credentials"
keychain: "/Users/ada/Library/Keychains/login.keychain-db"
class: "genp"
attributes:
    "acct"<blob>="ada"
    "svce"<blob>="Claude Code-credentials"
`;
  it('macOS: accounts of the generic passwords of a service', () => {
    expect(readKeychain(keychain, 'Codex MCP Credentials').map(({ account }) => account)).toEqual([
      'lab|8515ced8d4036819',
      'naïve',
    ]);
    expect(readKeychain(keychain, 'Claude Code-credentials')).toEqual([{ service: 'Claude Code-credentials', account: 'ada' }]);
    expect(readKeychain(keychain, 'Claude')).toEqual([]);
  });

  it('Windows: by the targets, in any language', () => {
    const text = `\r\nAktuell gespeicherte Anmeldeinformationen:\r\n\r\n    Ziel: LegacyGeneric:target=lab|85.Codex MCP Credentials\r\n    Typ: Generisch\r\n    Benutzer: lab|85\r\n\r\n    Target: LegacyGeneric:target=gemini-cli-oauth/lab server\r\n    Type: Generic\r\n\r\n    Target: Domain:target=files.Codex MCP Credentials\r\n`;
    expect(readCmdkey(text, 'Codex MCP Credentials')).toEqual([{ service: 'Codex MCP Credentials', account: 'lab|85' }]);
    expect(readCmdkey(text, 'gemini-cli-oauth')).toEqual([{ service: 'gemini-cli-oauth', account: 'lab server' }]);
  });

  it('of a form: internet passwords, and targets with the account in them or two lines below', () => {
    const internet = keychain.replace(
      '"acct"<blob>="web"',
      '"acct"<blob>="mcp-oauth"\n    "srvr"<blob>="mcp-oauth:https://s.test/mcp"',
    );
    const form = { internet: true, target: 'zed:url=<service>' } as const;
    const session = { service: 'mcp-oauth:https://s.test/mcp', account: 'mcp-oauth' };
    expect(readKeychain(internet, 'mcp-oauth:*', form)).toEqual([session]);
    expect(readKeychain(internet, session.service, form)).toEqual([session]);
    expect(readKeychain(internet, session.service)).toEqual([]);
    expect(readKeychain(internet, 'Codex MCP Credentials', form)).toEqual([]);
    const targets = [
      '    Ziel: LegacyGeneric:target=zed:url=mcp-oauth:https://s.test/mcp',
      '    Typ: Generisch',
      '    Benutzer: mcp-oauth',
      '',
      '    Ziel: LegacyGeneric:target=zed:url=https://zed.dev',
      '    Typ: Generisch',
      '    Benutzer: 17',
      '',
      '    Ziel: LegacyGeneric:target=gemini-cli-oauth/lab/two',
      '    Typ: Generisch',
      '    Benutzer: ',
      '',
    ].join('\r\n');
    expect(readCmdkey(targets, 'mcp-oauth:*', form)).toEqual([session]);
    expect(readCmdkey(targets, session.service, form)).toEqual([session]);
    expect(readCmdkey(targets, 'mcp-oauth:', form)).toEqual([]);
    expect(readCmdkey(targets, 'gemini-cli-oauth', { target: '<service>/<account>' })).toEqual([
      { service: 'gemini-cli-oauth', account: 'lab/two' },
    ]);
  });

  it('are asked without secrets, and what fails is no empty list', async () => {
    const ran: string[] = [];
    const by = (os: 'macos' | 'windows', status: number, errors = '') => {
      const run = async (program: string, args: readonly string[]) => {
        ran.push([program, ...args].join(' '));
        return { status, output: os === 'macos' ? keychain : '', errors };
      };
      return listItems({ os, env: () => undefined }, { which: async () => undefined, run }, 'Claude Code-credentials');
    };
    expect(await by('macos', 0)).toHaveLength(1);
    expect(await by('macos', 1)).toBe('unavailable');
    expect(await by('macos', 36, 'security: SecKeychain…: User interaction is not allowed.')).toBe('locked');
    expect(await by('windows', 0)).toEqual([]);
    expect(await by('windows', 1)).toBe('unavailable');
    expect([...new Set(ran)]).toEqual(['/usr/bin/security dump-keychain', 'cmdkey /list']);
  });
});
