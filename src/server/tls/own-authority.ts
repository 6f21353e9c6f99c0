/** Finds the CA that a command-line flag specifies by its ARN or common name. */
import type { Authority, InstalledCertificate } from '../../authority/authority.ts'
import { statusAt } from '../../authority/status.ts'
import { ConfigurationError } from '../../errors.ts'
import { findAuthority, listAuthorities, type ReadableDatabase } from '../../store/authorities.ts'
import { listOwners } from '../../store/certificate-search.ts'
import { certificateAuthorityArn, parseCertificateAuthorityArn } from '../../wire/arn.ts'

const pageLength = 100

/** A command-line flag that specifies a CA. */
interface AuthorityFlag {
  readonly flag: string
  readonly nameOrArn: string
  /** End of the error message for a CA that is not ACTIVE. */
  readonly advice: string
}

/** A CA that is ACTIVE. */
export type ActiveAuthority = Authority & { readonly certificate: InstalledCertificate }

/** Returns the CA that `--tls-self` specifies. Throws ConfigurationError unless exactly one CA matches and is ACTIVE. */
export function requireOwnAuthority(
  db: ReadableDatabase,
  nameOrArn: string,
  now: Date,
): Promise<ActiveAuthority> {
  const advice = 'start on loopback without --tls-self, make the CA ACTIVE, and start again'
  return requireActiveAuthority(db, { flag: '--tls-self', nameOrArn, advice }, now)
}

/** Returns the CA with the given ARN or common name. Throws ConfigurationError unless exactly one CA matches and is ACTIVE. */
export async function requireActiveAuthority(
  db: ReadableDatabase,
  { flag, nameOrArn, advice }: AuthorityFlag,
  now: Date,
): Promise<ActiveAuthority> {
  const authority = nameOrArn.startsWith('arn:')
    ? await authorityOfArn(db, nameOrArn)
    : await authorityOfName(db, nameOrArn, { now, flag })
  const status = authority && statusAt(authority, now)
  if (authority?.certificate === undefined || status !== 'ACTIVE')
    throw new ConfigurationError(
      `${flag}: the certificate authority ${nameOrArn} ${authority ? `is ${status ?? 'deleted'}, not ACTIVE` : 'does not exist'}; ${advice}`,
    )
  return { ...authority, certificate: authority.certificate }
}

async function authorityOfArn(db: ReadableDatabase, arn: string): Promise<Authority | undefined> {
  const parsed = parseCertificateAuthorityArn(arn)
  const authority = parsed && (await findAuthority(db, parsed.id))
  return authority && certificateAuthorityArn(authority) === arn ? authority : undefined
}

/**
 * Finds the CA with a given common name in all accounts and Regions. An ACTIVE CA takes precedence over other CAs with the same
 * name. Throws ConfigurationError if several CAs with the name are ACTIVE, or if several have the name and none is ACTIVE.
 */
async function authorityOfName(
  db: ReadableDatabase,
  name: string,
  { now, flag }: { readonly now: Date; readonly flag: string },
): Promise<Authority | undefined> {
  const named: Authority[] = []
  for (const owner of await listOwners(db, undefined))
    for (let after = 0; ;) {
      const page = await listAuthorities(db, owner, { after, limit: pageLength, now })
      named.push(...page.filter(({ configuration }) => configuration.Subject.CommonName === name))
      const last = page.at(-1)
      if (last === undefined || page.length < pageLength) break
      after = last.number
    }
  const active = named.filter((authority) => statusAt(authority, now) === 'ACTIVE')
  const candidates = active.length > 0 ? active : named
  if (candidates.length > 1)
    throw new ConfigurationError(
      `${flag}: ${candidates.length} certificate authorities have the common name "${name}"; specify one of these ARNs:\n` +
        candidates.map((authority) => `  ${certificateAuthorityArn(authority)}`).join('\n'),
    )
  return candidates[0]
}
