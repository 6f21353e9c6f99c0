/** A record entry, as the API returns it. */
import { resourceNotFound } from '../../errors.ts'
import { leafHash } from '../../record/merkle.ts'
import { leafKinds, type LeafKind } from '../../record/leaf.ts'
import type { Services } from '../../services.ts'
import { findAuthorityName, type AuthorityName } from '../../store/record-subjects.ts'
import { certificateAuthorityArn, parseCertificateAuthorityArn } from '../../wire/arn.ts'
import {
  blob,
  enumeration,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import type { ScopedCaller } from '../shared/operation.ts'
import { arn } from '../shared/shapes.ts'
import type { VisibleEntry } from './entry-access.ts'

export const entryKind = enumeration(Object.keys(leafKinds) as LeafKind[])

export const entryShape = structure({
  Index: required(long()),
  Time: timestamp(),
  Kind: entryKind,
  Principal: string(),
  OperatingSystemUser: string(),
  SudoUser: string(),
  Host: string(),
  Command: string(),
  CertificateAuthorityArn: arn,
  SerialNumber: string(),
  Sha256: string(),
  Table: string(),
  Key: string(),
  Detail: string(),
  LeafHash: required(blob()),
  Problem: string(),
})

/** `data` is the complete data of the leaf, from which its hash is computed. */
export function viewEntry(
  { number, leaf, authority }: Omit<VisibleEntry, 'bytes'>,
  data: Uint8Array,
): Encodable<typeof entryShape> {
  const common = { Index: number, LeafHash: leafHash(data) }
  if (leaf === undefined) return { ...common, Problem: 'The entry was altered: it is malformed.' }
  const members = {
    Principal: leaf.principal,
    OperatingSystemUser: leaf.osUser,
    SudoUser: leaf.sudoUser,
    Host: leaf.host,
    Command: leaf.command,
    CertificateAuthorityArn: authority && certificateAuthorityArn(authority),
    SerialNumber: hexOf(leaf.serialNumber),
    Sha256: hexOf(leaf.sha256),
    Table: leaf.table,
    Key: leaf.key,
    Detail: leaf.detail,
  }
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return { ...common, Time: leaf.time, Kind: leaf.kind, ...Object.fromEntries(present) }
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/**
 * Finds the CA that the call's input specifies and for which the call is authorized. Throws ResourceNotFoundException for a CA
 * that does not exist or belongs to another account.
 */
export async function requireOwnAuthority(
  { db }: Pick<Services, 'db'>,
  { accountId }: ScopedCaller,
  authorityArn: string | undefined,
): Promise<AuthorityName | undefined> {
  if (authorityArn === undefined) return undefined
  const { id = '' } = parseCertificateAuthorityArn(authorityArn) ?? {}
  const authority = await findAuthorityName(db, { id })
  if (authority?.accountId === accountId) return authority
  throw resourceNotFound(`Could not find Certificate Authority with ARN: ${authorityArn}`)
}
