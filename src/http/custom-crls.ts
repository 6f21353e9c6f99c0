/**
 * CRLs below the CustomCname of a CA. S3 serves each bucket under a host name of its own. Here the host name and the name of
 * the CRL select the bucket, so CAs with different buckets can share a host name.
 */
import type { Authority } from '../authority/authority.ts'
import { parseCname, pathBelow } from '../authority/custom-cname.ts'
import type { ObjectLocation } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { findPublishedCrl } from '../store/crls.ts'
import { decodePath, type RequestHead } from './request.ts'

const crlForm = /\/([0-9a-f-]{36,46})\.crl$/

/** Finds the object of a CRL that is requested below the present or a former CustomCname of its CA. */
export async function findCustomCrl(
  { db }: Pick<Services, 'db'>,
  { localPath: path, host }: Pick<RequestHead, 'localPath' | 'host'>,
): Promise<ObjectLocation | undefined> {
  const name = crlForm.exec(path)?.[1]
  if (host === undefined || name === undefined) return undefined
  const crl = await findPublishedCrl(db, name)
  if (crl === undefined) return undefined
  const authority = await findAuthority(db, crl.authorityId)
  if (authority === undefined) return undefined
  // Certificates of earlier versions have two slashes after a CustomCname that ended with one.
  const request = { host, path: path.replaceAll(/\/{2,}/g, '/') }
  for (const cname of cnamesOf(authority)) {
    const parsed = parseCname(cname)
    const below = parsed && pathBelow(parsed, request)
    const key = below === undefined ? undefined : decodePath(below)
    if (key !== undefined) return { bucket: crl.bucket, key }
  }
  return undefined
}

function cnamesOf({
  revocation: { CrlConfiguration },
  pastCrlCnames,
}: Authority): readonly string[] {
  const present = CrlConfiguration.Enabled ? CrlConfiguration.CustomCname : undefined
  return present === undefined ? pastCrlCnames : [present, ...pastCrlCnames]
}
