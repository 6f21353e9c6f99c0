/** Issues the certificate of the enrollment listener under the server's own root CA. */
import { generateKeyPairSync } from 'node:crypto'
import { daySeconds } from '../../text/duration.ts'
import { oids } from '../../x509/der/oid.ts'
import { encodeExtendedKeyUsage } from '../../x509/extensions/extended-key-usage.ts'
import { nonCritical } from '../../x509/extensions/extensions.ts'
import { encodeAuthorityKeyIdentifier } from '../../x509/extensions/key-identifiers.ts'
import { encodeKeyUsage } from '../../x509/extensions/key-usage.ts'
import { encodeName } from '../../x509/names/name.ts'
import { encodePem } from '../../x509/pem.ts'
import { encodeNames, type OwnCertificate } from './self-issued.ts'
import { openServerRoot, type RootKeys, type RootServices } from './server-root.ts'

const lifeSeconds = 90 * daySeconds

/** Issues a TLS certificate for host names. The certificate's key exists only in memory. */
export async function issueFromRoot(
  services: RootServices,
  keys: RootKeys,
  names: readonly string[],
): Promise<OwnCertificate> {
  const root = await openServerRoot(services, keys)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = await root.issue({
    issuer: root.certificate.subject.der,
    subject: encodeName([]),
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
    lifeSeconds,
    extensions: [
      { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(['digitalSignature']) },
      nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage([oids.serverAuth])),
      nonCritical(oids.authorityKeyIdentifier, encodeAuthorityKeyIdentifier(root.keyId)),
      // The SAN extension is critical because the subject is empty (RFC 5280 §4.2.1.6).
      { oid: oids.subjectAltName, critical: true, value: encodeNames(names, '--enroll-names') },
    ],
  })
  return {
    cert: encodePem('CERTIFICATE', der),
    root: encodePem('CERTIFICATE', root.certificate.der),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    renewAt: new Date(services.clock.now().getTime() + ((lifeSeconds * 2) / 3) * 1000),
  }
}
