/** Checks that published CRLs match their database rows and list every required revocation. */
import { setTimeout as delay } from 'node:timers/promises'
import { serialNumberKey } from '../../x509/serial-number-text.ts'
import { maySignCrls } from '../../chain/ca-certificate.ts'
import { issuerKeyIdentifier } from '../../chain/issuer-identity.ts'
import type { CrlKind } from '../../authority/authority.ts'
import type { RevocationConfiguration } from '../../authority/revocation-configuration.ts'
import { systemClock } from '../../clock.ts'
import { listsAllRevocations } from '../../crl/listing-crls.ts'
import type { Config } from '../../settings/config.ts'
import { bucketsFolder } from '../../data-folder/data-folder.ts'
import { createEmbeddedObjectStore } from '../../objects/embedded-object-store.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import { systemRandom } from '../../random.ts'
import { bytesOf, integerOf, textOf } from '../../store/columns.ts'
import { rowsOf, type Snapshot } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import { firstValidSecond } from '../../x509/der/time.ts'
import {
  selectListedRevocations,
  selectPublishedCrl,
  selectPublishedCrls,
} from '../../store/verify-rows.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { parseCertificateList, type CertificateList } from '../../x509/certificate-list.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import { parseAuthorityKeyIdentifier } from '../../x509/extensions/key-identifiers.ts'
import { oids } from '../../x509/der/oid.ts'
import { readRevokedCertificates } from '../../x509/revoked-certificates.ts'
import { verifySignature } from '../../x509/verify-signature.ts'
import type { Problems } from './problems.ts'

export interface CrlFindings {
  readonly crls: number
  /** Number of differences that the next publication resolves. */
  readonly due: readonly string[]
}

interface VerificationInput {
  readonly snapshot: Snapshot
  readonly problems: Problems
}

const crlBytesMax = 512 * 1024 * 1024
/** Maximum number of attempts to read a CRL. A running server may publish CRLs during the check. */
const looksMax = 3
const lookMilliseconds = 1000
const dueShownMax = 100

/** Checks every published CRL. A new snapshot is taken for each CRL, because the bucket contains the CRL's current version. */
export async function verifyCrls(
  config: Config,
  { snapshot, problems }: VerificationInput,
): Promise<CrlFindings> {
  const objects = await openObjects(config)
  const ids: number[] = []
  const due: string[] = []
  try {
    for await (const page of rowsOf(snapshot, selectPublishedCrls))
      ids.push(...page.map((row) => integerOf(row, 'crl_id')))
    for (const id of ids) {
      const { problem, isDue, name } = await lookUntilSettled(snapshot, { objects, id })
      if (problem === undefined) continue
      const finding = `the CRL ${name}: ${problem}`
      if (!isDue) problems.add(finding)
      else if (due.length < dueShownMax) due.push(finding)
    }
  } finally {
    objects.close()
  }
  return { crls: ids.length, due }
}

async function openObjects({ objects, ...config }: Config): Promise<ObjectStore> {
  if (objects.kind === 'embedded')
    return createEmbeddedObjectStore({
      directory: bucketsFolder(config),
      publicUrl: '',
      clock: systemClock,
      random: systemRandom,
    })
  const { createS3ObjectStore } = await import('../../objects/s3-object-store.ts')
  return createS3ObjectStore(objects)
}

interface Look {
  readonly name: string
  readonly problem: string | undefined
  /** Whether the next due publication resolves the problem. */
  readonly isDue: boolean
}

async function lookUntilSettled(
  snapshot: Snapshot,
  { objects, id }: { readonly objects: ObjectStore; readonly id: number },
): Promise<Look> {
  for (let looks = 1; ; looks += 1) {
    await snapshot.renew()
    const [row] = await snapshot.read(selectPublishedCrl(id))
    // The CRL has been suspended since the check began.
    if (row === undefined) return { name: String(id), problem: undefined, isDue: false }
    const look = await lookAt(snapshot, row, objects)
    if (look.problem === undefined || look.isDue || looks === looksMax) return look
    await delay(lookMilliseconds)
  }
}

async function lookAt(snapshot: Snapshot, row: Row, objects: ObjectStore): Promise<Look> {
  const name = textOf(row, 'name')
  const isDue = row['changes'] !== row['published_changes']
  const location = { bucket: textOf(row, 'bucket'), key: textOf(row, 'object_key') }
  const look = (problem: string | undefined, mended = true): Look => ({
    name,
    problem,
    isDue: isDue && mended,
  })
  let der: Uint8Array | undefined
  let etag: string | undefined
  try {
    etag = (await objects.head(location))?.etag
    der = await objects.get(location, crlBytesMax)
  } catch (error) {
    return look(`cannot be read from the bucket ${location.bucket}: ${(error as Error).message}`)
  }
  if (der === undefined) return look(`the bucket ${location.bucket} has no object ${location.key}`)
  const list = await verified(der, bytesOf(row, 'certificate_der'))
  if (typeof list === 'string') return look(list, false)
  if (etag !== textOf(row, 'etag')) return look('is not the last CRL that Signet wrote')
  return look(await compare(snapshot, row, list))
}

/** Returns the parsed CRL if its signature and issuer are valid, or a description of the problem. */
async function verified(
  der: Uint8Array,
  certificateDer: Uint8Array,
): Promise<CertificateList | string> {
  try {
    const list = parseCertificateList(der)
    const certificate = parseCertificate(certificateDer)
    const { subjectPublicKeyInfo } = certificate
    const check = await verifySignature({
      subjectPublicKeyInfo,
      signatureAlgorithm: list.signatureAlgorithm,
      message: list.tbsCertListDer,
      signature: list.signature,
    })
    if (check !== 'valid') return 'is not signed by its CA'
    const problem = issuerProblem(list, certificate)
    return problem ?? list
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`
  }
}

/**
 * Returns why validators reject the CRL of a CA with this certificate (RFC 5280 §6.3.3 b and f), or undefined if they accept the
 * CRL.
 */
function issuerProblem(
  { issuer, crlExtensions }: CertificateList,
  certificate: Certificate,
): string | undefined {
  if (!maySignCrls(certificate))
    return 'is rejected by validators: its CA certificate lacks cRLSign'
  const keyIdentifier = findExtension(crlExtensions, oids.authorityKeyIdentifier)
  const isOwn =
    Buffer.compare(issuer, certificate.subject.der) === 0 &&
    keyIdentifier !== undefined &&
    Buffer.compare(
      parseAuthorityKeyIdentifier(keyIdentifier.value) ?? new Uint8Array(),
      issuerKeyIdentifier(certificate),
    ) === 0
  return isOwn ? undefined : 'has an issuer or key identifier that differs from its CA certificate'
}

/**
 * Compares the entries of a CRL with the stored revocations, in both directions. Revocations of expired certificates may be
 * absent from the CRL.
 */
async function compare(
  snapshot: Snapshot,
  row: Row,
  list: CertificateList,
): Promise<string | undefined> {
  if (Number(list.crlNumber ?? -1) > integerOf(row, 'crl_number'))
    return 'has a number that was never reserved'
  const entries = new Map<string, number>()
  for (const { serialNumber, revocationDate, reasonCode } of readRevokedCertificates(
    list.revokedCertificates,
  ))
    entries.set(serialNumberKey(serialNumber), valueOf(revocationDate.getTime(), reasonCode))
  if (entries.size !== row['entries'])
    return `has ${entries.size} entries, but its row states ${String(row['entries'])}`
  const scope = { authorityNumber: integerOf(row, 'authority_number'), crlId: partitionOf(row) }
  const firstListed = firstValidSecond(new Date(integerOf(row, 'generated_at_ms')))
  let missing = 0
  let other = 0
  const select: Parameters<typeof rowsOf>[1] = (after, limit) =>
    selectListedRevocations(scope, after, limit)
  for await (const page of rowsOf(snapshot, select))
    for (const revocation of page) {
      const serial = serialNumberKey(bytesOf(revocation, 'serial_number'))
      const listed = entries.get(serial)
      const recorded = valueOf(
        integerOf(revocation, 'revoked_at_ms'),
        integerOf(revocation, 'reason_code'),
      )
      if (listed === undefined && integerOf(revocation, 'not_after') >= firstListed) missing += 1
      if (listed !== undefined && listed !== recorded) other += 1
      entries.delete(serial)
    }
  const findings = [
    ...(missing > 0 ? [`${missing} revocations are not listed`] : []),
    ...(other > 0 ? [`${other} entries differ from the stored revocation in time or reason`] : []),
    ...(entries.size > 0 ? [`${entries.size} entries belong to no stored revocation`] : []),
  ]
  return findings.length > 0 ? findings.join(', ') : undefined
}

/**
 * Returns the ID of the partition to which the comparison is limited, or undefined for a CRL that lists all revocations of
 * its CA.
 */
function partitionOf(row: Row): number | undefined {
  const revocation = JSON.parse(textOf(row, 'revocation_configuration')) as RevocationConfiguration
  const kind = textOf(row, 'kind') as CrlKind
  return listsAllRevocations({ revocation }, kind) ? undefined : integerOf(row, 'crl_id')
}

/** Combines the time of revocation in seconds and the reason in one number. */
function valueOf(milliseconds: number, reasonCode: number): number {
  return Math.floor(milliseconds / 1000) * 16 + reasonCode
}
