/**
 * The real keyring in a process of its own, inside the D-Bus session that the test chose: a line of JSON in, one out.
 */
import { createInterface } from 'node:readline';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { createHost } from '../../src/platform/host.ts';
import { createKeyring } from '../../src/platform/keyring.ts';
import { createProcesses } from '../../src/platform/processes.ts';

const keyring = createKeyring(createHost(), createProcesses());

async function answer([call, service, account, value]: readonly string[]): Promise<unknown> {
  try {
    if (call === 'set') await keyring.set(service ?? '', account ?? '', new Secret(value ?? ''));
    else if (call === 'remove') await keyring.remove(service ?? '', account ?? '');
    else if (call === 'list') {
      const found = await keyring.list(service ?? '');
      return typeof found === 'string' ? { answer: found } : { items: JSON.stringify(found) };
    } else {
      const found = await keyring.get(service ?? '', account ?? '');
      return found instanceof Secret ? { value: found.reveal() } : { answer: found };
    }
    return {};
  } catch (error) {
    return error instanceof Problem ? { code: error.code, text: `${error.what} ${error.next}` } : { bug: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as string[]))}\n`);
}
