/** Checks OCSP responses with the command `openssl ocsp`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outcome } from '../support/foreign-tools.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import type { Issuance } from './ledger.ts'

/** Number of certificates per OCSP request. */
const batchSize = 20
/** Maximum number of unrevoked certificates whose status is checked. */
const goodMax = 200

/**
 * Returns the problems in the responses from all servers. The status of each certificate must be `revoked` or `good`, according
 * to the ledger.
 */
export async function checkOcsp(
  { certificate }: LoadedAuthority,
  publicUrls: readonly string[],
  issued: readonly Issuance[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-ocsp-'))
  try {
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate)
    const known = issued.filter(({ arns }) => arns.size > 0)
    const revoked = known.filter(({ revocation }) => revocation?.acknowledgedAt !== undefined)
    const good = known.filter(({ revocation }) => revocation === undefined).slice(-goodMax)
    const batches = [...batchesOf('revoked', revoked), ...batchesOf('good', good)]
    const problems: string[] = []
    for (const [index, { status, serials }] of batches.entries()) {
      const url = publicUrls[index % publicUrls.length] ?? ''
      const certificates = serials.flatMap((serial) => ['-serial', `0x${serial}`])
      const responder = ['-issuer', ca, '-CAfile', ca, '-url', `${url}/ocsp`]
      const { text } = await outcome('openssl', ['ocsp', ...responder, ...certificates])
      if (!text.includes('Response verify OK')) problems.push(`OCSP at ${url}: ${text}`)
      const wrong = serials.filter((serial) => !text.includes(`0x${serial}: ${status}\n`))
      problems.push(...wrong.map((serial) => `the OCSP status of ${serial} is not ${status}`))
    }
    return problems
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The certificates in an OCSP request, with their expected status. */
interface Batch {
  readonly status: 'revoked' | 'good'
  readonly serials: readonly string[]
}

function batchesOf(status: Batch['status'], all: readonly Issuance[]): Batch[] {
  return Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) => ({
    status,
    serials: all.slice(index * batchSize, (index + 1) * batchSize).map(serialOf),
  }))
}

function serialOf({ arns }: Issuance): string {
  return [...arns][0]?.split('/').at(-1) ?? ''
}
