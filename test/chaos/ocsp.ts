/** What openssl hears from OCSP responders. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outcome } from '../support/foreign-tools.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import type { Issuance } from './ledger.ts'

/** Certificates in one request. */
const batch = 20
/** Of those that are not revoked so many are asked for. */
const goodMax = 200

/** Faults of answers: revoked is what was revoked, at every server in turn, and good what was not. */
export async function askOcsp(
  { certificate }: LoadedAuthority,
  publicUrls: readonly string[],
  issued: readonly Issuance[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-ocsp-'))
  try {
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate)
    const answered = issued.filter(({ arns }) => arns.size > 0)
    const revoked = answered.filter(({ revocation }) => revocation?.answeredAt !== undefined)
    const good = answered.filter(({ revocation }) => revocation === undefined).slice(-goodMax)
    const questions = [...questionsOf('revoked', revoked), ...questionsOf('good', good)]
    const faults: string[] = []
    for (const [index, { status, serials }] of questions.entries()) {
      const url = publicUrls[index % publicUrls.length] ?? ''
      const asked = serials.flatMap((serial) => ['-serial', `0x${serial}`])
      const to = ['-issuer', ca, '-CAfile', ca, '-url', `${url}/ocsp`]
      const { text } = await outcome('openssl', ['ocsp', ...to, ...asked])
      if (!text.includes('Response verify OK')) faults.push(`OCSP at ${url}: ${text}`)
      const others = serials.filter((serial) => !text.includes(`0x${serial}: ${status}\n`))
      faults.push(...others.map((serial) => `OCSP does not say that ${serial} is ${status}`))
    }
    return faults
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Question {
  readonly status: 'revoked' | 'good'
  readonly serials: readonly string[]
}

/** Requests about so many certificates each, and what the answers must be. */
function questionsOf(status: Question['status'], all: readonly Issuance[]): Question[] {
  return Array.from({ length: Math.ceil(all.length / batch) }, (_, index) => ({
    status,
    serials: all.slice(index * batch, (index + 1) * batch).map(serialOf),
  }))
}

function serialOf({ arns }: Issuance): string {
  return [...arns][0]?.split('/').at(-1) ?? ''
}
