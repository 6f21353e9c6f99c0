/**
 * The server's own root, which issues the enrollment listener's certificate if the API has no TLS. No account owns the server's
 * root, and the API does not list it. The root's key and certificate are rows in the database, so that all processes and nodes
 * share them (docs/decisions/0052).
 */
import type { KeyStore } from '../../keys/key-store.ts'
import { newSerialNumber } from '../../issuance/new-serial-number.ts'
import type { Services } from '../../services.ts'
import { ConflictError } from '../../store/database.ts'
import { findSetting, insertSetting, putSetting } from '../../store/metadata.ts'
import { daySeconds } from '../../text/duration.ts'
import { signatureAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import {
  encodeCertificate,
  encodeTbsCertificate,
  parseCertificate,
  type Certificate,
  type TbsCertificateFields,
} from '../../x509/certificate.ts'
import { DerError } from '../../x509/der/error.ts'
import { oids } from '../../x509/der/oid.ts'
import { encodeBasicConstraints } from '../../x509/extensions/basic-constraints.ts'
import { encodeExtendedKeyUsage } from '../../x509/extensions/extended-key-usage.ts'
import { nonCritical } from '../../x509/extensions/extensions.ts'
import { encodeSubjectKeyIdentifier } from '../../x509/extensions/key-identifiers.ts'
import { encodeKeyUsage } from '../../x509/extensions/key-usage.ts'
import { encodeName } from '../../x509/names/name.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'

/** The store of the root's key, which consists of encrypted rows in the database. */
export type RootKeys = Pick<KeyStore, 'create' | 'sign'>

export type RootServices = Pick<Services, 'db' | 'clock' | 'random'>

/** Name of the root's key. The names of CA keys are UUIDs, so this name cannot collide with them. */
const keyName = 'tls-root'
const certificateSetting = 'tls root'
const lifeSeconds = 3650 * daySeconds
/** Time by which notBefore precedes issuance, for clients with slow clocks. */
const backdatedSeconds = 3600

export interface ServerRoot {
  readonly certificate: Certificate
  /** Key identifier of the root, for the certificates that it issues. */
  readonly keyId: Uint8Array
  /** Issues a certificate that is valid from shortly before the current time, and returns the certificate in DER. */
  readonly issue: (content: CertificateContent) => Promise<Uint8Array>
}

interface CertificateContent extends Pick<
  TbsCertificateFields,
  'issuer' | 'subject' | 'subjectPublicKeyInfo' | 'extensions'
> {
  readonly lifeSeconds: number
}

/**
 * Returns the server's root. The root is created if it does not exist, and renewed with the same key after two thirds of its
 * validity period.
 */
export async function openServerRoot(services: RootServices, keys: RootKeys): Promise<ServerRoot> {
  const { db, clock, random } = services
  const { handle, subjectPublicKeyInfo } = await keys.create(keyName, 'EC_prime256v1')
  const keyId = keyIdentifier(parseSubjectPublicKeyInfo(subjectPublicKeyInfo))
  const issue = async (content: CertificateContent): Promise<Uint8Array> => {
    const now = clock.now().getTime()
    const signatureAlgorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
    const tbs = encodeTbsCertificate({
      ...content,
      serialNumber: newSerialNumber(random),
      signatureAlgorithm,
      notBefore: new Date(now - backdatedSeconds * 1000),
      notAfter: new Date(now + content.lifeSeconds * 1000),
    })
    const signature = await keys.sign(handle, 'SHA256WITHECDSA', tbs)
    return encodeCertificate(tbs, signatureAlgorithm, signature)
  }
  const isCurrent = (der: Uint8Array): boolean => {
    const certificate = parse(der)
    if (certificate === undefined) return false
    const { notAfter, subjectPublicKeyInfo: key } = certificate
    const remaining = notAfter.getTime() - clock.now().getTime()
    return (
      remaining > (lifeSeconds * 1000) / 3 && Buffer.compare(key.der, subjectPublicKeyInfo) === 0
    )
  }
  const stored = await findSetting(db, certificateSetting)
  const der =
    stored !== undefined && isCurrent(stored)
      ? stored
      : await store(db, await issue(rootContent(subjectPublicKeyInfo, keyId)), stored)
  return { certificate: parseCertificate(der), keyId, issue }
}

/** Parses a stored root certificate. Returns undefined if the certificate was altered. */
function parse(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

/**
 * Stores a root certificate. If another process has just stored the first root certificate, returns that certificate instead.
 */
async function store(
  db: RootServices['db'],
  der: Uint8Array,
  previous: Uint8Array | undefined,
): Promise<Uint8Array> {
  try {
    const statement = previous === undefined ? insertSetting : putSetting
    await db.transaction([statement(certificateSetting, der)])
    return der
  } catch (error) {
    const other =
      error instanceof ConflictError ? await findSetting(db, certificateSetting) : undefined
    if (other === undefined) throw error
    return other
  }
}

function rootContent(subjectPublicKeyInfo: Uint8Array, keyId: Uint8Array): CertificateContent {
  const suffix = Buffer.from(keyId).toString('hex', 0, 4)
  const name = encodeName([{ type: oids.commonName, value: `Signet enrollment root ${suffix}` }])
  return {
    issuer: name,
    subject: name,
    subjectPublicKeyInfo,
    lifeSeconds,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: 0 }),
      },
      { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(['keyCertSign']) },
      nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage([oids.serverAuth])),
      nonCritical(oids.subjectKeyIdentifier, encodeSubjectKeyIdentifier(keyId)),
    ],
  }
}
