/** CAs with published revocations: their configuration, and the CRLs in the embedded object store. */
import { setTimeout } from 'node:timers/promises'
import { parseCertificateList, type CertificateList } from '../../src/x509/certificate-list.ts'
import {
  readRevokedCertificates,
  type RevokedCertificate,
} from '../../src/x509/revoked-certificates.ts'
import type { ApiCaller, Members, TestService } from './service.ts'

/** The bucket used in `crlConfiguration`. */
export const crlBucket = 'my-crls'

/** Returns an enabled CrlConfiguration with the bucket `crlBucket` and a validity of 7 days. */
export function crlConfiguration(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { Enabled: true, ExpirationInDays: 7, S3BucketName: crlBucket, ...more }
}

/** Returns the member `more` of AuthorityOptions that configures CRLs, and OCSP if `ocsp` is given. */
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

/** Returns the last part of an ARN: the serial number of a certificate in hexadecimal, or the ID of a CA. */
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
  /** CRL entries by serial number in hexadecimal, without leading zeros. */
  readonly entries: ReadonlyMap<string, RevokedCertificate>
}

/** Parses a CRL and all its entries. */
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

function serialText(serialNumber: Uint8Array): string {
  return Buffer.from(serialNumber).toString('hex').replace(/^0+/, '')
}

/** Waits until `look` returns a value. Throws after `seconds`. The default timeout is long enough for a busy machine. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  description: string,
  seconds = 120,
): Promise<T> {
  const until = performance.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > until) throw new Error(`not within ${seconds} s: ${description}`)
    await setTimeout(20)
  }
}

/** Publishes all CRLs that are due, including those with revocations from the last second (`--crl-delay`). */
async function publishNow(service: TestService): Promise<void> {
  // The clock advances by one second, which is longer than --crl-delay. Repeated calls also outlast the lease of a run that a
  // change to the CA has aborted.
  service.clock.advance({ seconds: 1 })
  // The job does not complete while the store hangs.
  await Promise.race([service.runJob('publish-crls'), setTimeout(200)])
}

/** Waits for a CRL in the embedded object store for which `is` returns true. */
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
  return eventually(look, `a CRL at ${key}`)
}

/** Waits until a CA's complete CRL lists a certificate. */
export async function crlWith(service: TestService, certificateArn: string): Promise<ReadCrl> {
  const id = lastOf(certificateArn.split('/certificate/')[0] ?? '')
  const serial = lastOf(certificateArn).replace(/^0+/, '')
  return crlThat(service, `crl/${id}.crl`, ({ entries }) => entries.has(serial))
}

/** Waits until every CRL lists all revocations. */
export async function allPublished(service: TestService): Promise<void> {
  const text = 'select 1 from crls where changes <> published_changes'
  const look = async (): Promise<true | undefined> => {
    await publishNow(service)
    return (await service.inDatabase(text)).length === 0 ? true : undefined
  }
  await eventually(look, 'all CRLs published')
}
