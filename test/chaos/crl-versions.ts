/**
 * Compares every fetched version of a CRL with the revocations acknowledged before that version's creation. OpenSSL parses the
 * CRLs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outcome } from '../support/foreign-tools.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import { digest, type FetchedCrl, type Issuance } from './ledger.ts'

/** thisUpdate is one hour before the creation of the CRL. */
const backdatedMilliseconds = 3_600_000

interface CrlVersion {
  readonly number: bigint
  /** Time of creation in milliseconds, rounded to a second. */
  readonly createdAt: number
  /** Serial numbers in lower-case hexadecimal, without leading zeros. */
  readonly serials: ReadonlySet<string>
}

/** Returns the problems in the versions of a CRL: invalid signatures, decreasing numbers or times, and missing revocations. */
export async function checkCrlVersions(
  { certificate, crlPath }: LoadedAuthority,
  fetched: readonly FetchedCrl[],
  issued: readonly Issuance[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-crls-'))
  try {
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate)
    const problems: string[] = []
    const versions = fetched.filter(({ path }) => path === crlPath)
    if (versions.length === 0) problems.push(`${crlPath} was never fetched`)
    let previous: CrlVersion | undefined
    const contents = new Map<bigint, string>()
    for (const { der } of versions) {
      const file = join(folder, 'crl')
      await writeFile(file, der)
      const args = ['crl', '-inform', 'DER', '-in', file, '-CAfile', ca, '-noout', '-text']
      const { text } = await outcome('openssl', args)
      if (!/^verify OK$/m.test(text))
        problems.push(`${crlPath}: a version has an invalid signature`)
      const version = parseVersion(text)
      const name = `${crlPath} number ${version.number}`
      if ((contents.get(version.number) ?? digest(der)) !== digest(der))
        problems.push(`${name} has different contents`)
      contents.set(version.number, digest(der))
      if (previous !== undefined && version.number <= previous.number)
        problems.push(`${name} was fetched after number ${previous.number}`)
      if (previous !== undefined && version.createdAt < previous.createdAt)
        problems.push(`${name} has an earlier thisUpdate than the previous version`)
      problems.push(...missingIn(version, issued).map((serial) => `${name} lacks ${serial}`))
      previous = version
    }
    const last = `the last version of ${crlPath}`
    problems.push(...compareLast(previous, issued).map((text) => `${last} ${text}`))
    return problems
  } finally {
    await rm(folder, { recursive: true })
  }
}

function parseVersion(text: string): CrlVersion {
  const thisUpdate = Date.parse(/Last Update: (.*)$/m.exec(text)?.[1] ?? '')
  const number = /CRL Number:\s+(0x[0-9A-F]+|\d+)/.exec(text)?.[1] ?? '-1'
  const serials = [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial = '']) =>
    normalized(serial),
  )
  return {
    number: BigInt(number),
    createdAt: thisUpdate + backdatedMilliseconds,
    serials: new Set(serials),
  }
}

function normalized(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '')
}

function serialOf({ arns }: Issuance): string {
  return normalized([...arns][0]?.split('/').at(-1) ?? '')
}

/** Returns the serial numbers that are missing from the CRL and whose revocation was acknowledged before the CRL's creation. */
function missingIn({ createdAt, serials }: CrlVersion, issued: readonly Issuance[]): string[] {
  return issued
    .filter(({ revocation }) => (revocation?.acknowledgedAt ?? Infinity) <= createdAt)
    .map(serialOf)
    .filter((serial) => !serials.has(serial))
}

/** Compares the last version with all requested revocations, and returns missing and unexpected entries. */
function compareLast(last: CrlVersion | undefined, issued: readonly Issuance[]): string[] {
  const revoked = new Set(issued.filter(({ revocation }) => revocation !== undefined).map(serialOf))
  const listed = last?.serials ?? new Set<string>()
  const missing = [...revoked].filter((serial) => !listed.has(serial))
  const surplus = [...listed].filter((serial) => !revoked.has(serial))
  return [
    ...missing.map((serial) => `lacks ${serial}`),
    ...surplus.map((serial) => `lists ${serial}, which was not revoked`),
  ]
}
