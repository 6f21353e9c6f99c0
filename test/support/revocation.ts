/** CAs that publish what they revoke, and what they publish. */
import { setTimeout } from 'node:timers/promises'
import { parseCertificateList, type CertificateList } from '../../src/x509/certificate-list.ts'
import {
  readRevokedCertificates,
  type RevokedCertificate,
} from '../../src/x509/revoked-certificates.ts'
import type { ApiCaller, Members, TestService } from './service.ts'

/** The bucket that `crlConfiguration` names. */
export const crlBucket = 'my-crls'

/** CrlConfiguration that is on, in the bucket `crlBucket`, for 7 days. */
export function crlConfiguration(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { Enabled: true, ExpirationInDays: 7, S3BucketName: crlBucket, ...more }
}

/** `more` of an AuthorityOptions: with CRLs, and OCSP if `ocsp` says so. */
export function revocationOptions(
  crl: Record<string, unknown> | undefined = crlConfiguration(),
  ocsp?: Record<string, unknown>,
): { readonly RevocationConfiguration: Record<string, unknown> } {
  return {
    RevocationConfiguration: {
      ...(crl && { CrlConfiguration: crl }),
      ...(ocsp && { OcspConfiguration: ocsp }),
    },
  }
}

/** Last part of an ARN: of a certificate its serial number in hex, of a CA its id. */
export function lastOf(arn: string): string {
  return arn.split('/').at(-1) ?? ''
}

/** Revokes a certificate by its ARN. */
export async function revoke(
  service: ApiCaller,
  certificateArn: string,
  reason = 'KEY_COMPROMISE',
): Promise<Members> {
  return service.must('RevokeCertificate', {
    CertificateAuthorityArn: certificateArn.split('/certificate/')[0],
    CertificateSerial: lastOf(certificateArn),
    RevocationReason: reason,
  })
}

export interface ReadCrl extends CertificateList {
  readonly der: Buffer
  /** By serial number in hex without leading zeros. */
  readonly entries: ReadonlyMap<string, RevokedCertificate>
}

/** Reads a CRL with all its entries. */
export function readCrl(der: Buffer): ReadCrl {
  const list = parseCertificateList(der)
  const entries = new Map(
    [...readRevokedCertificates(list.revokedCertificates)].map((entry) => [
      serialText(entry.serialNumber),
      entry,
    ]),
  )
  return { ...list, der, entries }
}

function serialText(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex').replace(/^0+/, '')
}

/** Waits until `look` finds something. Throws after `seconds`, which leaves room for a busy machine. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  what: string,
  seconds = 30,
): Promise<T> {
  const until = performance.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > until) throw new Error(`not within ${seconds} s: ${what}`)
    await setTimeout(20)
  }
}

/** Publishes the CRLs that are due, those of revocations in the last second too (`--crl-delay`). */
async function publishNow(service: TestService): Promise<void> {
  // The delay passes (--crl-delay), and in the end the lease of a run that a change of the CA has undone.
  service.clock.advance({ seconds: 1 })
  // A store that hangs keeps the job from its end.
  await Promise.race([service.runJob('publish-crls'), setTimeout(200)])
}

/** Waits for a CRL in the embedded store that `is` what is looked for. */
export async function crlThat(
  service: TestService,
  key: string,
  is: (crl: ReadCrl) => boolean,
): Promise<ReadCrl> {
  const look = async (): Promise<ReadCrl | undefined> => {
    await publishNow(service)
    const der = await service.readObject(crlBucket, key)
    const crl = der && readCrl(der)
    return crl !== undefined && is(crl) ? crl : undefined
  }
  return eventually(look, `a CRL at ${key}`, 20)
}

/** Waits for the complete CRL of a CA that lists a certificate. */
export async function crlWith(service: TestService, certificateArn: string): Promise<ReadCrl> {
  const id = lastOf(certificateArn.split('/certificate/')[0] ?? '')
  const serial = lastOf(certificateArn).replace(/^0+/, '')
  return crlThat(service, `crl/${id}.crl`, ({ entries }) => entries.has(serial))
}

/** Waits until every CRL lists all that it has to. */
export async function allPublished(service: TestService): Promise<void> {
  const text = 'select 1 from crls where changes <> published_changes'
  const look = async (): Promise<true | undefined> => {
    await publishNow(service)
    return (await service.inDatabase(text)).length === 0 ? true : undefined
  }
  await eventually(look, 'all CRLs published', 20)
}
