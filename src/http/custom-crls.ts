/**
 * Serves CRLs at URLs whose host is a CA's CustomCname. S3 serves each bucket under its own host name. In Signet, the host name
 * and the CRL's name together select the bucket, so CAs with different buckets can have the same host name.
 */
import { customCrlPath } from '../crl/location.ts'
import type { ObjectLocation } from '../objects/object-store.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { findPublishedCrl } from '../store/crls.ts'
import { decodePath, type RequestHead } from './request.ts'

const crlForm = /\/([0-9a-f-]{36,46})\.crl$/

/** Finds the CRL object for a request whose host is a current or former CustomCname of the issuing CA. */
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
  const below = customCrlPath(authority, { host, path })
  const key = below === undefined ? undefined : decodePath(below)
  return key === undefined ? undefined : { bucket: crl.bucket, key }
}
