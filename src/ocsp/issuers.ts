import { createHash } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { listImportedCertificates } from '../store/installed-certificates.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { certIdHashes, type CertId } from '../x509/ocsp/request.ts'
import { latin1 } from '../x509/der/strings.ts'

/** Which CA a CertID means. */
export interface OcspIssuers {
  /** Id of the CA whose name and key have these hashes; undefined if there is none. */
  find(certId: CertId): Promise<string | undefined>
}

const page = 256

/**
 * The names and keys of every certificate that a CA ever had, in memory: some hundred octets each. What was imported since
 * is read when a CertID is not found, which costs one look at an index.
 */
export function createOcspIssuers(db: Database): OcspIssuers {
  const known = new Map<string, string>()
  let last = 0

  async function readNew(): Promise<void> {
    for (;;) {
      const imported = await listImportedCertificates(db, last, page)
      for (const { number, authorityId, certificateDer } of imported) {
        for (const name of namesOf(certificateDer)) known.set(name, authorityId)
        last = Math.max(last, number)
      }
      if (imported.length < page) return
    }
  }
  return {
    async find({ hash, issuerNameHash, issuerKeyHash }) {
      const name = nameOf(hash, issuerNameHash, issuerKeyHash)
      const found = known.get(name)
      if (found !== undefined) return found
      await readNew()
      return known.get(name)
    },
  }
}

function namesOf(certificateDer: Uint8Array): string[] {
  const { subject, subjectPublicKeyInfo } = parseCertificate(certificateDer)
  const digest = (hash: string, bytes: Uint8Array): Uint8Array =>
    createHash(hash).update(bytes).digest()
  return certIdHashes.map((hash) =>
    nameOf(hash, digest(hash, subject.der), digest(hash, subjectPublicKeyInfo.subjectPublicKey)),
  )
}

function nameOf(hash: string, nameHash: Uint8Array, keyHash: Uint8Array): string {
  // Half of the memory of hexadecimal.
  return `${hash} ${latin1(nameHash)}${latin1(keyHash)}`
}
