/**
 * Access keys of AWS IAM users.
 *
 * Two keys per user live at once, and a new one needs some seconds until every region knows it, an ended one until none
 * does. Rights belong to the user and not to the key: keys of one user (one ARN) may do the same, so rights are not read.
 */
import { minute, second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { couldNotTell } from '../http.ts';
import type { Held, Page, PageMethod, Provider, Revocation, Standing, TheirsMethod } from '../provider.ts';
import { existing, findStrays, issueNew, preflight, revoke } from './access.ts';
import { KeyRefused, readIdentity } from './answers.ts';
import { accountOf, hosts, parseKeys, profiles, recogniseKeys } from './keys.ts';
import { getCallerIdentity, homeRegion, identity, idOf } from './requests.ts';
import { activity } from './trail.ts';

async function check(up: Upstream, held: Held): Promise<Standing> {
  try {
    const { arn } = readIdentity(await getCallerIdentity(up, held));
    return { alive: 'yes', how: 'sts GetCallerIdentity answered', account: arn, upstreamId: idOf(held) };
  } catch (error) {
    if (error instanceof KeyRefused) return { alive: 'no', how: 'sts GetCallerIdentity refused the key id' };
    return couldNotTell(error);
  }
}

function consoleOf({ context }: Held): string {
  const home = homeRegion(context['region'] ?? 'us-east-1');
  if (home === 'cn-north-1') return 'https://console.amazonaws.cn';
  return home === 'us-gov-west-1' ? 'https://console.amazonaws-us-gov.com' : 'https://console.aws.amazon.com';
}

const keysPage = (held: Held): string => `${consoleOf(held)}/iam/home#/security_credentials`;

function deletePage(held: Held): Page {
  const id = idOf(held);
  return {
    url: keysPage(held),
    steps: [
      'If the key belongs to another user: open IAM > Users > that user > Security credentials',
      `Find ${id} under "Access keys"`,
      `Choose Actions > Deactivate for ${id}, then Actions > Delete, and type its id to confirm`,
    ],
  };
}

const revocation: Revocation = { by: 'api', revoke, page: deletePage };

const facts = {
  issue: 'api',
  value: 'theirs',
  overlap: { most: 2 },
  preflight,
  existing,
  issueNew,
  findStrays,
  revocation,
} as const;

const byIssuer: TheirsMethod = {
  ...facts,
  id: 'second-key-by-issuer',
  needs: 'issuer',
  words: {
    issue: 'iam:CreateAccessKey for the user, with the issuing key',
    revoke: 'iam:UpdateAccessKey (inactive), then iam:DeleteAccessKey, with the issuing key',
  },
};

const bySelf: TheirsMethod = {
  ...facts,
  id: 'second-key',
  needs: 'self',
  words: {
    issue: 'iam:CreateAccessKey with the old key, for its own user',
    revoke: 'iam:UpdateAccessKey (inactive), then iam:DeleteAccessKey, with the new key',
  },
};

const page: PageMethod = {
  id: 'page',
  issue: 'page',
  overlap: { most: 2 },
  needs: 'nothing',
  words: {
    issue: 'you make a second key in the console that is opened',
    revoke: 'iam:DeleteAccessKey with the new key (or the old one on itself)',
  },
  async preflight() {},
  page({ old, marker }, { account }) {
    return {
      url: keysPage(old),
      steps: [
        `Sign in as ${account ?? 'the user of the old key'}, or open IAM > Users > that user > Security credentials`,
        `There may be two keys at most: leave ${idOf(old)} alone, and delete another one only if you know that nobody uses it`,
        'Press "Create access key", choose "Local code" or "Other"',
        `Set the description tag to "${marker}"`,
        'Copy both the access key and the secret access key',
      ],
    };
  },
  revocation,
};

export const provider: Provider = {
  id: 'aws-iam',
  name: 'AWS IAM',
  parts: [
    { name: 'accessKeyId', secret: false },
    { name: 'secretAccessKey', secret: true },
  ],
  valueClass: 'production',
  cadenceDays: 90,
  methods: [byIssuer, bySelf, page],
  pace: { worksWithinMs: minute, deadWithinMs: 5 * minute + 30 * second },
  issuer: {
    what: 'an access key that may manage the keys of the user: iam:ListAccessKeys, CreateAccessKey, UpdateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed',
    parts: [
      { name: 'accessKeyId', secret: false },
      { name: 'secretAccessKey', secret: true },
      { name: 'sessionToken', secret: true },
    ],
    parse: (text) => parseKeys(text),
    /** Of the same account as far as the ids tell, and not the very key that is to be rotated (failure mode 6). */
    fits(issuer, held) {
      const [ours, theirs] = [accountOf(idOf(issuer)), accountOf(idOf(held))];
      return idOf(issuer) !== idOf(held) && (ours === undefined || theirs === undefined || ours === theirs);
    },
    borrow: [
      {
        kind: 'file',
        name: 'AWS profile',
        path: '~/.aws/credentials',
        read: (text, held) => profiles(text).find((each) => provider.issuer?.fits(each, held)),
      },
    ],
  },
  hint: /AKIA/,
  recognise: recogniseKeys,
  identity,
  hosts,
  afterMisuse: () => [
    'look for users, access keys, roles and trust policies that were made: IAM, and CloudTrail by CreateUser, CreateAccessKey, CreateRole, UpdateAssumeRolePolicy',
    'end sessions that were made with the key (GetFederationToken, AssumeRole): they live on for up to 36 hours; attach a policy that denies what was issued before now',
    'look through all regions for instances, functions and images that are not yours, and through the bill',
  ],
  check,
  activity,
};
