/** The command `signet verify`, which changes nothing. The command also works while a server uses the same data. */
import { verifyRecordOf } from './record.ts'
import { systemClock } from '../../clock.ts'
import type { Config } from '../../settings/config.ts'
import { withData, type DataFolder } from '../../data-folder/data-folder.ts'
import { masterKeyId } from '../../data-folder/master-key.ts'
import { rowsOf, type Snapshot } from '../../store/snapshot.ts'
import type { Row, Sql } from '../../store/sql.ts'
import {
  selectAuthorities,
  selectAuthorityCertificates,
  selectCertificates,
  selectRevokedCertificates,
  selectWaitingIntents,
} from '../../store/verify-rows.ts'
import { Problems } from './problems.ts'
import { verifyAuthority, verifyKeys } from './keys.ts'
import { verifyTokenKeys } from './token-keys.ts'
import {
  verifyAuthorityCertificate,
  verifyCertificate,
  verifyRevocation,
  type Signers,
} from './certificates.ts'
import { verifyIntent } from './intents.ts'
import { CrlIdentities } from './identities.ts'
import { verifyCrls, type CrlFindings } from './crls.ts'

/** Reports how many rows have been checked. */
type Progress = (noun: string, count: number) => void

/** Number of signatures to verify concurrently. */
const parallel = 64

/** Reads and checks all stored data, including every signature. The promise rejects only if nothing can be read. */
export async function verifyData(config: Config, progress: Progress) {
  return withData(config, async (data) => {
    const snapshot = await data.engine.openSnapshot()
    try {
      return await verifySnapshot(config, { data, snapshot, progress })
    } finally {
      await snapshot.close()
    }
  })
}

interface VerificationInput {
  readonly data: DataFolder
  readonly snapshot: Snapshot
  readonly progress: Progress
}

async function verifySnapshot(config: Config, input: VerificationInput) {
  const { data, snapshot, progress } = input
  const problems = new Problems()
  const structure = (): Promise<string[]> => data.engine.structureProblems(snapshot)
  for (const line of await attempt(problems, 'the database', structure))
    problems.add(`the database is damaged: ${line}`)
  const keys = await attempt(problems, 'keys', () => verifyKeys(data, snapshot, problems))
  const tokenKeys = await attempt(problems, 'keys in the token', async () => [
    await verifyTokenKeys(config, { data, snapshot, problems }),
  ])
  const signers: Signers = new Map()
  const each = (
    noun: string,
    select: (after: Row | undefined, limit: number) => Sql,
    check: (row: Row) => Promise<void>,
  ): Promise<number> => eachRow({ snapshot, progress, problems }, { noun, select, check })
  const identities = new CrlIdentities(systemClock.now())
  const authorityCertificates = await each(
    'CA certificates',
    selectAuthorityCertificates,
    async (row) => {
      identities.addAuthorityCertificate(row)
      await verifyAuthorityCertificate(row, signers, problems)
    },
  )
  const authorities = await each('CAs', selectAuthorities, (row) =>
    verifyAuthority(row, snapshot, problems),
  )
  const certificates = await each('certificates', selectCertificates, async (row) => {
    identities.addCertificate(row)
    await verifyCertificate(row, signers, problems)
  })
  identities.report(problems)
  const waiting = await each('waiting certificates', selectWaitingIntents, async (row) =>
    verifyIntent(row, signers, problems),
  )
  let unknown = 0
  const revocations = await each('revocations', selectRevokedCertificates, async (row) => {
    if (verifyRevocation(row, problems) === 'without-certificate') unknown += 1
  })
  const record = await attempt(problems, 'the record', async () => [
    await verifyRecordOf(input, problems),
  ])
  const none: CrlFindings = { crls: 0, due: [] }
  const crls = (await attempt(problems, 'CRLs', async () => [
    await verifyCrls(config, { snapshot, problems }),
  ])) as CrlFindings[]
  return {
    Ok: problems.count === 0,
    MasterKeyId: masterKeyId(data.masterKeys.current),
    Keys: keys[0] ?? 0,
    AccessKeys: keys[1] ?? 0,
    // Keys in a token are checked only if the token is configured.
    TokenKeys: tokenKeys[0]?.recorded ?? 0,
    TokenKeysUsed: tokenKeys[0]?.used ?? 0,
    Authorities: authorities,
    AuthorityCertificates: authorityCertificates,
    Certificates: certificates,
    // Number of certificates that cannot be signed until their CA's key is available.
    WaitingCertificates: waiting,
    Revocations: revocations,
    // Number of revocations that were recovered from a CRL and whose certificates are not in the database.
    RevocationsWithoutCertificate: unknown,
    Crls: (crls[0] ?? none).crls,
    ...record[0],
    // Differences in a CRL that is due are not reported as problems, because the next publication resolves them.
    CrlsDue: (crls[0] ?? none).due,
    ProblemCount: problems.count,
    Problems: problems.shown,
  }
}

/**
 * Reads rows for a check. If the rows are unreadable, the function reports a problem and returns an empty result, so that the
 * check continues.
 */
async function attempt<T>(
  problems: Problems,
  noun: string,
  read: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await read()
  } catch (error) {
    problems.add(`${noun} cannot be read: ${(error as Error).message}`)
    return []
  }
}

interface EachRow {
  readonly noun: string
  readonly select: (after: Row | undefined, limit: number) => Sql
  readonly check: (row: Row) => Promise<void>
}

/** Checks the rows that a query returns, with limited concurrency. Resolves to the number of rows. */
async function eachRow(
  {
    snapshot,
    progress,
    problems,
  }: Omit<VerificationInput, 'data'> & { readonly problems: Problems },
  { noun, select, check }: EachRow,
): Promise<number> {
  let count = 0
  await attempt(problems, noun, async () => {
    for await (const page of rowsOf(snapshot, select)) {
      for (let start = 0; start < page.length; start += parallel)
        await Promise.all(page.slice(start, start + parallel).map(check))
      count += page.length
      progress(noun, count)
    }
    return []
  })
  return count
}
