import { recorded } from '../store/recorded-states.ts'
import type { CrlKind, CurrentCrl } from '../authority/authority.ts'
import { uuid } from '../random.ts'
import { partitionCertificatesMax } from './partition.ts'
import type { Services } from '../services.ts'
import { bindCertificate, openCrl } from '../store/crls.ts'
import { ConflictError } from '../store/database.ts'
import { firstIdentity, identityFileName } from '../chain/issuer-identity.ts'
import type { Sql } from '../store/sql.ts'
import type { AuthorityView } from '../authority/status.ts'

/** Returns the type of CRL that the CA is configured to publish, or undefined if its CRLs are disabled. */
function configuredKind({ authority }: AuthorityView): CrlKind | undefined {
  const { CrlConfiguration } = authority.revocation
  if (!CrlConfiguration.Enabled) return undefined
  return CrlConfiguration.CrlType === 'PARTITIONED' ? 'PARTITION' : 'COMPLETE'
}

/**
 * Returns the CRL to which a newly issued certificate is assigned. The result is undefined if the CA's CRLs are
 * disabled, and `missing` if the configured CRL must be opened first.
 */
export function currentCrl(view: AuthorityView): CurrentCrl | 'missing' | undefined {
  const kind = configuredKind(view)
  const { crl, certificate } = view.authority
  if (kind === undefined) return undefined
  // After a renewal with a different identity, the previous CRL covers only previously issued certificates.
  const isOwn = crl?.kind === kind && crl.issuerIdentity === certificate?.issuerIdentity
  return isOwn ? crl : 'missing'
}

/**
 * Opens a CA's current CRL: a new partition, or the complete CRL for the CA's identity. The complete CRL may already exist.
 * Another request may have opened the CRL concurrently. The caller must then read the CA again. `principal` is the ARN of the
 * requester.
 */
export async function openCurrentCrl(
  { db, random, wake }: Pick<Services, 'db' | 'random' | 'wake'>,
  view: AuthorityView,
  principal: string,
): Promise<void> {
  const { authority, now } = view
  const kind = configuredKind(view)
  if (kind === undefined) return
  const identity = authority.certificate?.issuerIdentity ?? firstIdentity
  const name = kind === 'COMPLETE' ? identityFileName(authority.id, identity) : uuid(random)
  try {
    const context = { time: now, actor: { principal }, authority: authority.number }
    await db.transaction(recorded(openCrl(authority, { name, kind }, now), context))
    wake('publish-crls')
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
  }
}

/**
 * Returns the SQL statements that assign a certificate to a CRL partition. If these statements conflict, the partition is full.
 */
export function bindStatements(
  crl: CurrentCrl | undefined,
  { issuerOctets, notAfter }: { readonly issuerOctets: number; readonly notAfter: Date },
): Sql[] {
  return crl?.kind === 'PARTITION'
    ? [bindCertificate(crl.id, notAfter, partitionCertificatesMax(issuerOctets))]
    : []
}
