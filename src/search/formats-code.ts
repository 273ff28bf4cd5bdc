/**
 * Formats of what developers build with: code hosts, registries, continuous integration, monitoring.
 *
 * Behind each stands where it is published and when that was looked at. "Checked" means that the checksum was worked out
 * again for keys that were published as examples.
 */
import { crcBase36, crcHexLittleEndian, endsInCrcBase62 } from './checksums.ts';
import { decodedJson, isMixed, named, prefixed, type Rule } from './formats-rule.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const jwt = 'eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]{8,}';

export const codeRules: readonly Rule[] = [
  // GitHub blog 2021 "Behind GitHub's new authentication token formats": CRC-32 of the random part in base 62. Checked 2026-11.
  prefixed('github-classic-token', 'github', 'GitHub classic personal access token', {
    prefix: 'ghp_',
    body: '[A-Za-z0-9]{36}',
    holds: endsInCrcBase62,
  }),
  prefixed('github-oauth-token', 'github', 'GitHub OAuth token', {
    prefix: ['gho_', 'ghu_'],
    body: '[A-Za-z0-9]{36}',
    holds: endsInCrcBase62,
  }),
  prefixed('github-refresh-token', 'github', 'GitHub App refresh token', {
    prefix: 'ghr_',
    body: '[A-Za-z0-9]{76}|[A-Za-z0-9]{36}',
    holds: endsInCrcBase62,
  }),
  // The stateless form (`ghs_<app>_<JWT>`) since 2026-04 (GitHub's description of its REST API). Its checksum is not published.
  prefixed('github-installation-token', 'github', 'GitHub App installation token', {
    prefix: 'ghs_',
    body: `[A-Za-z0-9]{36}|\\d{1,12}_${jwt}`,
    end: '\\w.-',
    most: 4096,
    holds: isMixed,
  }),
  prefixed('github-fine-grained-token', 'github', 'GitHub fine-grained personal access token', {
    prefix: 'github_pat_',
    body: '[A-Za-z0-9]{22}_[A-Za-z0-9]{59}',
    holds: isMixed,
  }),
  // GitLab handbook, "Routable tokens"; the form with a version carries the CRC-32 of all before it, in base 36. Checked 2026-11.
  prefixed('gitlab-token', 'gitlab', 'GitLab access token', {
    prefix: 'glpat-',
    body: '[\\w-]{27,300}(?:\\.01)?\\.[0-9a-z]{9}|[\\w-]{20}(?!\\.[0-9a-z]{2}\\.)',
    end: '\\w-',
    holds: (body, key) => !/\.01\.[0-9a-z]{9}$/.test(body) || crcBase36(key.slice(0, -7)) === key.slice(-7),
  }),
  // gitlabhq/gitlabhq doc/security/tokens (2026-11): one prefix for each kind.
  prefixed('gitlab-deploy-token', 'gitlab', 'GitLab deploy, trigger, runner or agent token', {
    prefix: ['gldt-', 'glrt-', 'glptt-', 'glagent-', 'gloas-', 'glsoat-', 'glcbt-'],
    body: 't\\d_[\\w-]{27,300}(?:\\.01)?\\.[0-9a-z]{9}|[0-9a-f]{40}|(?:[0-9a-zA-Z]{1,5}_)?[\\w-]{20}|[\\w-]{50}|[\\w-]{64}',
    end: '\\w-',
    holds: (body) => isMixed(body) || /^[0-9a-f]{40}$/.test(body),
  }),
  // npm blog 2021-09-23: the scheme of GitHub's tokens. Checked 2026-11.
  prefixed('npm-token', 'npm', 'npm access token', { prefix: 'npm_', body: '[A-Za-z0-9]{36}', holds: endsInCrcBase62 }),
  // warehouse: a macaroon whose location is `pypi.org` or `test.pypi.org`.
  prefixed('pypi-token', 'pypi', 'PyPI API token', {
    prefix: ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'],
    body: '[\\w-]{50,1000}',
    end: '\\w-',
    most: 1100,
  }),
  prefixed('docker-token', 'docker', 'Docker Hub access token', {
    prefix: ['dckr_pat_', 'dckr_oat_'],
    body: '[\\w-]{27}|[\\w-]{32}',
    end: '\\w-',
    holds: (body) => /[A-Z]/.test(body) && /[a-z]/.test(body),
  }),
  prefixed('buildkite-token', 'buildkite', 'Buildkite API token', { prefix: 'bkua_', body: '[a-z0-9]{40}' }),
  prefixed('sentry-user-token', 'sentry', 'Sentry user or integration token', {
    prefix: ['sntryu_', 'sntryi_'],
    body: '[a-f0-9]{64}',
  }),
  // getsentry/rfcs 0091: JSON with the organisation, then 43 characters.
  prefixed('sentry-organisation-token', 'sentry', 'Sentry organisation token', {
    prefix: 'sntrys_eyJ',
    body: '[A-Za-z0-9+/=]{40,400}_[A-Za-z0-9+/=]{20,64}',
    end: 'A-Za-z0-9+/=_',
    most: 600,
    holds: (body) => decodedJson(`eyJ${body.slice(0, body.indexOf('_'))}`)?.['iat'] !== undefined,
  }),
  // grafana/grafana pkg/components/satokengen: CRC-32 of `glsa_` and the secret, lowest byte first. Checked 2026-11.
  prefixed('grafana-token', 'grafana', 'Grafana service account token', {
    prefix: 'glsa_',
    body: '[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}',
    holds: (body, key) => crcHexLittleEndian(key.slice(0, -9)) === body.slice(-8).toLowerCase(),
  }),
  prefixed('grafana-cloud-token', 'grafana', 'Grafana Cloud access policy token', {
    prefix: 'glc_eyJ',
    body: '[A-Za-z0-9+/]{60,400}={0,2}',
    end: 'A-Za-z0-9+/=_',
    holds: (body) => decodedJson(`eyJ${body}`)?.['k'] !== undefined,
  }),
  named('datadog-key', 'datadog', 'Datadog API or application key', {
    names: ['DD_API_KEY', 'DATADOG_API_KEY', 'DD_APP_KEY', 'DD_APPLICATION_KEY', 'DATADOG_APP_KEY', 'DATADOG_APPLICATION_KEY'],
    value: '[a-f0-9]{40}|[a-f0-9]{32}',
  }),
  named('pagerduty-key', 'pagerduty', 'PagerDuty API key', {
    names: ['PAGERDUTY_USER_API_KEY', 'PAGERDUTY_API_KEY', 'PAGERDUTY_TOKEN', 'PAGERDUTY_API_TOKEN'],
    value: '(?:u\\+[A-Za-z0-9_+-]{18})|[A-Za-z0-9_+-]{20}',
    end: 'A-Za-z0-9_+-',
    holds: isMixed,
  }),
  named('launchdarkly-key', 'launchdarkly', 'LaunchDarkly API token or SDK key', {
    names: ['LAUNCHDARKLY_ACCESS_TOKEN', 'LAUNCHDARKLY_API_TOKEN', 'LAUNCHDARKLY_API_KEY', 'LAUNCHDARKLY_SDK_KEY'],
    value: `(?:api|sdk)-${uuid}`,
    end: '\\w-',
  }),
  // General knowledge, looked at 2026-11: Postman, Doppler, Terraform Cloud, Vault (service tokens), Pulumi.
  prefixed('postman-key', 'postman', 'Postman API key', { prefix: 'PMAK-', body: '[a-f0-9]{24}-[a-f0-9]{34}', end: '\\w-' }),
  prefixed('doppler-token', 'doppler', 'Doppler token', {
    prefix: ['dp.pt.', 'dp.sa.', 'dp.ct.', 'dp.scim.', 'dp.audit.'],
    body: '[A-Za-z0-9]{40,44}',
    holds: isMixed,
  }),
  prefixed('vault-token', 'vault', 'Vault service token', {
    prefix: ['hvs.', 'hvb.'],
    body: '[\\w-]{90,300}',
    end: '\\w-',
    holds: isMixed,
  }),
  prefixed('pulumi-token', 'pulumi', 'Pulumi access token', { prefix: 'pul-', body: '[a-f0-9]{40}', end: '\\w-' }),
];
