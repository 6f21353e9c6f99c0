/** Settings for issuance: checks of requests, and quotas. */
import { defaultQuotas } from '../authority/quotas.ts'
import { setting } from './setting.ts'
import { count, nonEmpty, oneOf } from './parse-values.ts'

const emptySubjectModes = ['refuse', 'critical-san'] as const
const lintModes = ['error', 'warn', 'off'] as const
const weakKeyModes = ['refuse', 'allow'] as const
const sha1Modes = ['refuse', 'accept'] as const
const verifyModes = ['all', 'ca'] as const

/** In the order of the help text. */
export const issuingSettings = {
  lint: setting(
    'lint',
    'MODE',
    'certificates that break a rule of RFC 5280: error (errors are refused), warn (all logged), off',
    'error',
    oneOf(lintModes),
  ),
  emptySubject: setting(
    'empty-subject',
    'MODE',
    'CSRs with an empty subject and a SAN that is not critical: refuse, or critical-san to mark it',
    'refuse',
    oneOf(emptySubjectModes),
  ),
  weakKeys: setting(
    'weak-keys',
    'MODE',
    'how CSRs and imports with weak keys are handled: refuse, or allow as AWS does',
    'refuse',
    oneOf(weakKeyModes),
  ),
  weakKeyList: setting(
    'weak-key-list',
    'FILE',
    'further weak keys: fingerprints as in openssl-blacklist, or SHA-256 of public keys',
    undefined,
    nonEmpty,
  ),
  csrSha1: setting(
    'csr-sha1',
    'MODE',
    'whether CSRs that are signed with SHA-1 are accepted: refuse, or accept',
    'refuse',
    oneOf(sha1Modes),
  ),
  verifySignatures: setting(
    'verify-signatures',
    'MODE',
    'which signatures are checked before they are stored: all, or ca (those of CA certificates)',
    'ca',
    oneOf(verifyModes),
  ),
  quotaAuthorities: setting(
    'quota-authorities',
    'N',
    'CAs of one account in one Region',
    String(defaultQuotas.authoritiesPerRegion),
    count,
  ),
  quotaCertificates: setting(
    'quota-certificates',
    'N',
    'certificates of one CA',
    String(defaultQuotas.certificatesPerAuthority),
    count,
  ),
  quotaTags: setting(
    'quota-tags',
    'N',
    'tags on one CA',
    String(defaultQuotas.tagsPerAuthority),
    count,
  ),
  quotaRevocations: setting(
    'quota-revocations',
    'N',
    'revoked certificates, not expired, of one CA with a complete CRL',
    String(defaultQuotas.revocationsPerAuthority),
    count,
  ),
} as const
