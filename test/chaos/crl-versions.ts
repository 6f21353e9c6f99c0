/** What openssl reads in every version of a CRL that anybody saw, compared with what had been revoked by then. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outcome } from '../support/foreign-tools.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import { digest, type Issuance, type SeenCrl } from './ledger.ts'

/** thisUpdate is an hour before the CRL is made. */
const backdatedMilliseconds = 3_600_000

interface CrlVersion {
  readonly number: bigint
  /** When it was made, to the second. */
  readonly madeAt: number
  /** Serial numbers in hexadecimal, lower case, without leading zeros. */
  readonly serials: ReadonlySet<string>
}

/** Faults of the versions of one CRL: each verifies, their numbers and times grow, and none lacks a revocation. */
export async function readCrlVersions(
  { certificate, crlPath }: LoadedAuthority,
  seen: readonly SeenCrl[],
  issued: readonly Issuance[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-crls-'))
  try {
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate)
    const faults: string[] = []
    const versions = seen.filter(({ path }) => path === crlPath)
    if (versions.length === 0) faults.push(`${crlPath} was never seen`)
    let before: CrlVersion | undefined
    const contents = new Map<bigint, string>()
    for (const { der } of versions) {
      const file = join(folder, 'crl')
      await writeFile(file, der)
      const args = ['crl', '-inform', 'DER', '-in', file, '-CAfile', ca, '-noout', '-text']
      const { text } = await outcome('openssl', args)
      if (!/^verify OK$/m.test(text)) faults.push(`${crlPath}: a version does not verify`)
      const version = parseVersion(text)
      const name = `${crlPath} number ${version.number}`
      if ((contents.get(version.number) ?? digest(der)) !== digest(der))
        faults.push(`${name} has two contents`)
      contents.set(version.number, digest(der))
      if (before !== undefined && version.number <= before.number)
        faults.push(`${name} came after ${before.number}`)
      if (before !== undefined && version.madeAt < before.madeAt)
        faults.push(`${name} is older than the one before`)
      faults.push(...missing(version, issued).map((serial) => `${name} lacks ${serial}`))
      before = version
    }
    faults.push(...compareLast(before, issued).map((text) => `${crlPath}, the last one, ${text}`))
    return faults
  } finally {
    await rm(folder, { recursive: true })
  }
}

function parseVersion(text: string): CrlVersion {
  const made = Date.parse(/Last Update: (.*)$/m.exec(text)?.[1] ?? '')
  const number = /CRL Number:\s+(0x[0-9A-F]+|\d+)/.exec(text)?.[1] ?? '-1'
  const serials = [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial = '']) =>
    plain(serial),
  )
  return {
    number: BigInt(number),
    madeAt: made + backdatedMilliseconds,
    serials: new Set(serials),
  }
}

function plain(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '')
}

function serialOf({ arns }: Issuance): string {
  return plain([...arns][0]?.split('/').at(-1) ?? '')
}

/** Revocations that had been answered when the CRL was made. */
function missing({ madeAt, serials }: CrlVersion, issued: readonly Issuance[]): string[] {
  return issued
    .filter(({ revocation }) => (revocation?.answeredAt ?? Infinity) <= madeAt)
    .map(serialOf)
    .filter((serial) => !serials.has(serial))
}

/** The last version has what was revoked and nothing else. */
function compareLast(last: CrlVersion | undefined, issued: readonly Issuance[]): string[] {
  const revoked = new Set(issued.filter(({ revocation }) => revocation !== undefined).map(serialOf))
  const listed = last?.serials ?? new Set<string>()
  const lacking = [...revoked].filter((serial) => !listed.has(serial))
  const more = [...listed].filter((serial) => !revoked.has(serial))
  return [...lacking.map((one) => `lacks ${one}`), ...more.map((one) => `lists ${one} as well`)]
}
