import { ServiceError, validationFailed } from '../../errors.ts'
import { disorderMilliseconds, firstSince } from '../../ledger/find-leaves.ts'
import { leafMilliseconds, type Leaf } from '../../record/leaf.ts'
import type { Services } from '../../services.ts'
import { countLeaves, readLeafHeads, readLeaves } from '../../store/leaves.ts'
import type { PageScope } from '../../wire/page-token.ts'
import {
  list,
  required,
  string,
  structure,
  timestamp,
  type Infer,
} from '../../wire/shapes/shape.ts'
import { parseCertificateSerial } from '../../x509/serial-number-text.ts'
import { operation } from '../shared/operation.ts'
import { arn, maxResults, nextToken } from '../shared/shapes.ts'
import { createEntryAccess, type EntryFilter, type VisibleEntry } from './entry-access.ts'
import { entryKind, entryShape, requireOwnAuthority, viewEntry } from './entry-view.ts'

const pageSize = 100
/** Maximum number of leaves that a single call reads. */
const scannedMax = 1000
/** Maximum total length of the data on a page. The server computes hashes over the data on a page. */
const pageBytesMax = 1024 * 1024

const input = structure({
  Principal: string({ min: 1, max: 2048 }),
  CertificateAuthorityArn: arn,
  SerialNumber: string({ min: 1, max: 128, pattern: '(0[xX])?[0-9a-fA-F:]+' }),
  Kind: entryKind,
  Since: timestamp(),
  Until: timestamp(),
  MaxResults: maxResults,
  NextToken: nextToken,
})

/**
 * Lists entries in the record, newest first. Each call reads a limited number of leaves, so a page can be empty and still have a
 * NextToken. AWS has no equivalent operation (decision 0046).
 */
export const listRecordEntries = operation({
  name: 'ListRecordEntries',
  actionPrefix: 'signet',
  input,
  output: structure({
    Entries: required(list(entryShape)),
    SearchedSince: timestamp(),
    NextToken: nextToken,
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidNextTokenException'],
  resource: ({ CertificateAuthorityArn }) => CertificateAuthorityArn,
  async run(services, { NextToken, MaxResults = pageSize, ...filters }, caller) {
    const filter = filterOf(filters)
    const { db, pageTokens } = services
    const scope: PageScope = {
      operation: 'ListRecordEntries',
      callerArn: caller.arn,
      region: caller.region,
      resource: JSON.stringify(filters),
    }
    const before =
      NextToken === undefined
        ? await startOf(services, filters.Until)
        : positionOf(pageTokens.open(scope, NextToken))
    const only = await requireOwnAuthority(services, caller, filters.CertificateAuthorityArn)
    const access = await createEntryAccess(services, caller, only)
    const heads = await readLeafHeads(db, before, scannedMax)
    const found: VisibleEntry[] = []
    let bytes = 0
    let last = heads.at(-1)
    for (const head of heads) {
      const entry = await access.find(head, filter)
      if (entry === undefined) continue
      found.push(entry)
      bytes += entry.bytes
      if (found.length < MaxResults && bytes < pageBytesMax) continue
      last = head
      break
    }
    const isAtEnd = last === undefined || last.number === 0 || isBefore(last.entry, filters.Since)
    return {
      Entries: await Promise.all(
        found.map(async (entry) => viewEntry(entry, await dataOf(services, entry.number))),
      ),
      ...(last && { SearchedSince: new Date(leafMilliseconds(last.entry)) }),
      ...(!isAtEnd && last && { NextToken: pageTokens.seal(scope, String(last.number)) }),
    }
  },
})

type Filters = Omit<Infer<typeof input>, 'MaxResults' | 'NextToken'>

function filterOf({ Principal, SerialNumber, Kind, Since, Until }: Filters): EntryFilter {
  if (Since !== undefined && Until !== undefined && Since >= Until)
    throw validationFailed('Since must be earlier than Until.')
  const serial = SerialNumber === undefined ? undefined : parseCertificateSerial(SerialNumber)
  if (SerialNumber !== undefined && serial === undefined)
    throw validationFailed('SerialNumber must be the hexadecimal serial number of a certificate.')
  return (leaf) =>
    (Kind === undefined || leaf.kind === Kind) &&
    (serial === undefined || (serial !== 'unknown' && hasSerial(leaf, serial))) &&
    (Since === undefined || leaf.time >= Since) &&
    (Until === undefined || leaf.time < Until) &&
    (Principal === undefined || actorsOf(leaf).some((text) => text.includes(Principal)))
}

function hasSerial({ serialNumber }: Leaf, serial: Uint8Array): boolean {
  return serialNumber !== undefined && Buffer.compare(serialNumber, serial) === 0
}

function actorsOf({ principal = '', osUser = '', sudoUser = '' }: Leaf): readonly string[] {
  return [principal, osUser, sudoUser]
}

/** Returns the position after the last leaf that may be older than the given time. */
async function startOf({ db }: Services, until: Date | undefined): Promise<number> {
  return until === undefined
    ? countLeaves(db)
    : firstSince(db, until.getTime() + disorderMilliseconds)
}

/** Returns whether all earlier leaves are older than the given time. */
function isBefore(entry: Uint8Array, since: Date | undefined): boolean {
  return since !== undefined && leafMilliseconds(entry) < since.getTime() - disorderMilliseconds
}

function positionOf(text: string | undefined): number {
  if (text !== undefined) return Number(text)
  throw new ServiceError(
    'InvalidNextTokenException',
    'NextToken was not issued by this operation, or was issued for other filters.',
  )
}

async function dataOf({ db }: Services, number: number): Promise<Uint8Array> {
  const [stored] = await readLeaves(db, number, 1)
  return stored?.data ?? new Uint8Array()
}
