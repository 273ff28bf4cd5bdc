/** Findings of the guard as SARIF 2.1.0 (OASIS standard): places and fingerprints, no text of any file. Pure. */
import type { GuardFinding } from './guard.ts';

const schemaUri = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const informationUri = 'https://www.npmjs.com/package/mcp-rotate';

export function sarif(findings: readonly GuardFinding[], version: string) {
  const rules = new Map(findings.map((finding) => [ruleOf(finding), nameOf(finding)]));
  const ids = [...rules.keys()];
  return {
    $schema: schemaUri,
    version: '2.1.0' as const,
    runs: [
      {
        tool: {
          driver: {
            name: 'mcp-rotate',
            version,
            informationUri,
            rules: [...rules].map(([id, name]) => ({
              id,
              name,
              shortDescription: { text: name },
              help: {
                text: 'Revoke it at its provider (mcp-rotate leak), then take it out. Taking it out alone does not make it harmless.',
              },
              defaultConfiguration: { level: 'error' as const },
              properties: { tags: ['security', 'secret'], 'security-severity': '8.5' },
            })),
          },
        },
        originalUriBaseIds: { SRCROOT: { description: { text: 'root of the repository' } } },
        columnKind: 'utf16CodeUnits' as const,
        results: findings.map((finding) => ({
          ruleId: ruleOf(finding),
          ruleIndex: ids.indexOf(ruleOf(finding)),
          level: 'error' as const,
          message: { text: `${nameOf(finding)} (${finding.how})${finding.commit ? ` in commit ${finding.commit}` : ''}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(finding.path), uriBaseId: 'SRCROOT' },
                ...(finding.line === undefined ? {} : { region: { startLine: finding.line } }),
              },
            },
          ],
          partialFingerprints: { 'mcpRotateGuard/v1': finding.fingerprint },
          ...(finding.commit ? { properties: { commit: finding.commit } } : {}),
          ...(finding.allowed
            ? {
                suppressions: [{ kind: 'external' as const, status: 'accepted' as const, justification: finding.allowed.reason }],
              }
            : {}),
        })),
      },
    ],
  };
}

const ruleOf = ({ of }: GuardFinding): string => (of.kind === 'known' ? 'live-credential' : of.format.id);
const nameOf = ({ of }: GuardFinding): string => (of.kind === 'known' ? 'Credential that works now' : of.format.name);

/** A relative reference (RFC 3986): each name encoded; lone surrogates, which a broken path may hold, replaced. */
const uriOf = (path: string): string =>
  path
    .toWellFormed()
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/^(?=[^/]*:)/, './');
