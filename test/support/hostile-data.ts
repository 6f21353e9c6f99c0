/**
 * CAs and certificates whose names are hostile to pages that display them: markup, invisible characters, formulas, long lists.
 */
import { sign } from 'node:crypto'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { addEndpoint } from '../../src/admin-commands/enrollment/endpoints.ts'
import { alternativeNames, named, newKeys, text } from './crafted-certificates.ts'
import { addAcmeAccount, addAcmeOrder } from './enrollment-data.ts'
import { createRoot, issue } from './hierarchy.ts'
import type { TestService } from './service.ts'

/** Markup that sets `window.hostile` if it is parsed as HTML. */
export const markup = '<img src=x onerror=window.hostile=1>'

/** Common names, keyed by the reason why they are hostile. */
const commonNames = {
  markup,
  bidirectional: 'safe\u202Egnp.exe\u2066\u200B\u00AD',
  nul: `before\0after`,
  formula: "=cmd|' /C calc'!A0",
  script: '"><script>window.hostile=1</script>',
} as const

const largeNames = 100
const largeNameLength = 220

export interface HostileData {
  readonly authorityArn: string
  /** ARNs of certificates. */
  readonly certificates: Readonly<Record<keyof typeof commonNames | 'large', string>>
  /** PEM CSR with markup in its subject and alternative names. */
  readonly csr: string
}

/** Creates a CSR without the checks that clients perform. */
function hostileCsr(commonName: string, names: readonly string[]): string {
  const { privateKey, publicKey } = newKeys()
  const info = encodeCertificationRequestInfo({
    subject: named(commonName),
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
    extensions: [alternativeNames(names.map((name) => text('dNSName', name)))],
  })
  const signature = sign('sha256', info, { key: privateKey, dsaEncoding: 'der' })
  const identifier = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  const der = encodeCertificationRequest(info, identifier, signature)
  return encodePem('CERTIFICATE REQUEST', der)
}

/** Adds an ACME account and a failed order with hostile text. */
async function createHostileOrder(service: TestService, ca: string): Promise<void> {
  const endpointName = 'hostile'
  const hostile = `${markup}\u202E\u200B`
  await addEndpoint(service.config, endpointName, { protocol: 'acme', ca })
  await addAcmeAccount(service, { id: 'account', endpointName, contacts: [`mailto:${hostile}`] })
  await addAcmeOrder(service, {
    account: 'account',
    status: 'invalid',
    identifiers: [{ type: 'dns', value: hostile }],
    profile: hostile,
    error: { type: hostile, detail: hostile },
    failures: { [hostile]: { type: hostile, detail: `${hostile}\n\0` } },
  })
}

/** Creates the hostile data on a service with `lint: 'warn'`, because the linter rejects some of the names. */
export async function createHostileData(service: TestService): Promise<HostileData> {
  const { arn: authorityArn } = await createRoot(service, {
    subject: { CommonName: `${markup}\u202E`, Organization: commonNames.script },
    more: { Tags: [{ Key: '=1+1', Value: '=1+1' }] },
  })
  const issueFor = async (commonName: string, names: readonly string[]): Promise<string> => {
    const csr = hostileCsr(commonName, names)
    const validity = { Type: 'DAYS', Value: 5 }
    return (await issue(service, { arn: authorityArn, csr }, { validity })).arn
  }
  const certificates: Record<string, string> = {}
  for (const [what, commonName] of Object.entries(commonNames))
    certificates[what] = await issueFor(commonName, ['=cmd()', `${markup}.example`])
  const large = Array.from({ length: largeNames }, (_, index) =>
    `${markup}${index}.`.padEnd(largeNameLength, 'x'),
  )
  certificates['large'] = await issueFor('large', large)
  await service.must('RevokeCertificate', {
    CertificateAuthorityArn: authorityArn,
    CertificateSerial: certificates['script']?.split('/').at(-1),
    RevocationReason: 'KEY_COMPROMISE',
  })
  await createHostileOrder(service, authorityArn)
  await service.runJob('index-certificates')
  return {
    authorityArn,
    certificates: certificates as HostileData['certificates'],
    csr: hostileCsr(`${markup}\u202E`, [`${markup}.example`, '=cmd()']),
  }
}
