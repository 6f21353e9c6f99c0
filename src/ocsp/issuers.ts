import { createHash } from 'node:crypto'
import type { Database } from '../store/database.ts'
import { listImportedCertificates } from '../store/installed-certificates.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { certIdHashes, type CertId } from '../x509/ocsp/request.ts'
import { latin1 } from '../x509/der/strings.ts'

/** Looks up the CA to which a CertID refers. */
export interface OcspIssuers {
  /** Returns the ID of the CA whose name and key have the hashes in the CertID, or undefined if there is no such CA. */
  find(certId: CertId): Promise<string | undefined>
}

const page = 256

/**
 * Keeps the name and key hashes of all CA certificates in memory, which takes a few hundred bytes per certificate. If a CertID is
 * not found, newly imported certificates are read with one index lookup.
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
  // Text in Latin-1 needs half the memory of hexadecimal text.
  return `${hash} ${latin1(nameHash)}${latin1(keyHash)}`
}
