/** `signet certificates list`, on a data folder that a server may be using. */
import {
  certificateMembers,
  type CertificateMembers,
} from '../operations/certificate/certificate-members.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { withData } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { parseCertificateSerial } from '../x509/serial-number-text.ts'
import type { CertificateFilter, CertificateStatus, ListedCertificate } from '../search/filter.ts'
import {
  parseNamePattern,
  parseSubjectPattern,
  patternCharactersMax,
  type NamePattern,
} from '../search/name-pattern.ts'
import { searchCertificates, type SearchCursor } from '../search/search-certificates.ts'
import { findAuthority } from '../store/authorities.ts'
import { listOwners } from '../store/certificate-search.ts'
import type { Database } from '../store/database.ts'
import { isSearchBehind } from '../store/search-progress.ts'
import {
  certificateAuthorityArn,
  parseCertificateAuthorityArn,
  parseTemplateArn,
} from '../wire/arn.ts'

/** The filters of the command, as they were given. */
export interface CertificatesOptions {
  /** ARN of a CA. */
  readonly authority?: string | undefined
  readonly accountId?: string | undefined
  readonly serial?: string | undefined
  readonly subject?: string | undefined
  readonly alternativeName?: string | undefined
  /** ARN or name. */
  readonly template?: string | undefined
  readonly requester?: string | undefined
  readonly issuedAfter?: Date | undefined
  /** Milliseconds from now. */
  readonly expiringWithin?: number | undefined
  readonly status?: CertificateStatus | undefined
  readonly limit: number
}

/** A certificate as it is printed: dates in ISO 8601. */
type PrintedCertificate = {
  readonly [Member in keyof CertificateMembers]: CertificateMembers[Member] extends Date | undefined
    ? string
    : CertificateMembers[Member]
}

const pageRows = 1000

type Owner = Pick<CertificateFilter, 'accountId' | 'region' | 'authorityNumber'>

/** Lists certificates. Throws ConfigurationError for an invalid filter, and for a CA that does not exist. */
export async function listCertificates(config: Config, options: CertificatesOptions) {
  const now = systemClock.now()
  const filter = filterOf(options, now)
  return withData(config, async ({ db }) => {
    const owners = await ownersOf(db, options)
    // One more than the limit shows whether there are more.
    const certificates =
      filter === 'nothing' ? [] : await firstOf(db, { owners, filter, now }, options.limit + 1)
    return {
      certificates: certificates.slice(0, options.limit).map(toPrintedCertificate),
      isCut: certificates.length > options.limit,
      isBehind: await isSearchBehind(db),
    }
  })
}

interface Search {
  readonly owners: readonly Owner[]
  readonly filter: Omit<CertificateFilter, keyof Owner>
  readonly now: Date
}

/** The first matching certificates, of one owner after the other. */
async function firstOf(
  db: Database,
  { owners, filter, now }: Search,
  count: number,
): Promise<ListedCertificate[]> {
  const certificates: ListedCertificate[] = []
  for (const owner of owners)
    for await (const page of pagesOf(db, { ...filter, ...owner }, now)) {
      certificates.push(...page)
      if (certificates.length >= count) return certificates
    }
  return certificates
}

async function* pagesOf(
  db: Database,
  filter: CertificateFilter,
  now: Date,
): AsyncGenerator<readonly ListedCertificate[]> {
  let after: SearchCursor | undefined
  do {
    const page = await searchCertificates(db, filter, { after, limit: pageRows, now })
    yield page.certificates
    after = page.next
  } while (after !== undefined)
}

async function ownersOf(
  db: Database,
  { authority, accountId }: CertificatesOptions,
): Promise<Owner[]> {
  if (authority === undefined) return listOwners(db, accountId)
  const id = parseCertificateAuthorityArn(authority)?.id
  if (id === undefined)
    throw new ConfigurationError(`${authority} is not the ARN of a certificate authority`)
  const row = await findAuthority(db, id)
  if (row === undefined || certificateAuthorityArn(row) !== authority)
    throw new ConfigurationError(`there is no certificate authority ${authority}`)
  const { accountId: owner, number, region } = row
  return [{ accountId: owner, region, authorityNumber: number }]
}

function filterOf(options: CertificatesOptions, now: Date): Search['filter'] | 'nothing' {
  const { issuedAfter, expiringWithin } = options
  const serialNumber = serialOf(options.serial)
  const filter = {
    subject: patternOf('--subject', options.subject, parseSubjectPattern),
    alternativeName: patternOf('--san', options.alternativeName),
    templateName: templateOf(options.template),
    requester: options.requester,
    issued: issuedAfter && { after: issuedAfter },
    expires:
      expiringWithin === undefined
        ? undefined
        : { after: now, before: new Date(now.getTime() + expiringWithin) },
    status: options.status,
  }
  return serialNumber === 'unknown' ? 'nothing' : { ...filter, serialNumber }
}

function serialOf(text: string | undefined): Uint8Array | 'unknown' | undefined {
  if (text === undefined) return undefined
  const serialNumber = parseCertificateSerial(text)
  if (serialNumber !== undefined) return serialNumber
  throw new ConfigurationError(`--serial must be a hexadecimal serial number, not '${text}'`)
}

function patternOf(
  flag: string,
  text: string | undefined,
  parse = parseNamePattern,
): NamePattern | undefined {
  if (text === undefined) return undefined
  if (text === '' || text.length > patternCharactersMax)
    throw new ConfigurationError(`${flag} must have 1 to ${patternCharactersMax} characters`)
  const pattern = parse(text)
  if ('problem' in pattern) throw new ConfigurationError(`${flag} ${pattern.problem}`)
  return pattern
}

function templateOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\w{1,100}$/.test(text)) return text
  const name = parseTemplateArn(text)?.name
  if (name !== undefined) return name
  throw new ConfigurationError(
    `--template must be the name or the ARN of a template, not '${text}'`,
  )
}

function toPrintedCertificate(certificate: ListedCertificate): PrintedCertificate {
  const members = Object.entries(certificateMembers(certificate)).map(
    ([name, value]: [string, unknown]) => [
      name,
      value instanceof Date ? value.toISOString() : value,
    ],
  )
  return Object.fromEntries(members) as PrintedCertificate
}
