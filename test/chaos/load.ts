/** Clients that issue, fetch, revoke, tag, create CAs and look at CRLs, each at any server, and note what they hear. */
import { setTimeout as delay } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import { authorityInput, issueInput } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { lastOf } from '../support/revocation.ts'
import type { Choices } from './choices.ts'
import type { Client, Settled } from './client.ts'
import { csrOf, type LoadedAuthority } from './hierarchy.ts'
import { digest, type Creation, type Issuance, type Ledger } from './ledger.ts'

export interface Load {
  readonly client: Client
  readonly choices: Choices
  readonly ledger: Ledger
  readonly authorities: readonly LoadedAuthority[]
  /** Whether nothing new is to be begun. */
  readonly isOver: () => boolean
}

const issuers = 6
/** Connections of a crowd that nobody listens to: what is looked at is in batches with its reads. */
const readers = 6
/** Of a tag that was written, through any servers. */
const looksAtOnce = 16
/** An OCSPResponse that is an error has no more than its status. */
const errorBytesMax = 16
/** Between two looks at a CRL. */
export const pollMilliseconds = 100

/** Runs all clients until it is over; what they have begun they bring to an end. */
export async function runLoad(load: Load): Promise<void> {
  const about = { CertificateAuthorityArn: load.authorities[0]?.arn }
  await Promise.all([
    ...Array.from({ length: issuers }, (_, index) => issueAndRevoke(load, index)),
    tagAndUntag(load),
    ...Array.from({ length: readers }, () =>
      load.client.crowd('DescribeCertificateAuthority', about, load.isOver),
    ),
    createMore(load),
  ])
}

async function issueAndRevoke(load: Load, index: number): Promise<void> {
  const { choices, ledger, authorities, isOver } = load
  for (let count = 0; !isOver(); count += 1) {
    const commonName = `client ${index} request ${count}`
    const issuance: Issuance = {
      authorityArn: choices.of(authorities).arn,
      commonName,
      token: choices.fraction() < 0.6 ? `${index}-${count}` : undefined,
      unclear: false,
      arns: new Set(),
    }
    ledger.issuances.push(issuance)
    await issue(load, issuance)
    if (issuance.arns.size === 0) continue
    await fetchIssued(load, issuance)
    if (choices.fraction() < 0.35) await revoke(load, issuance)
  }
}

/** With a token until it is clear, and some a second time; without one once. */
async function issue({ client, choices, ledger }: Load, issuance: Issuance): Promise<void> {
  const { authorityArn, commonName, token, arns } = issuance
  const input = issueInput(authorityArn, csr('ec-server'), {
    template: 'EndEntityCertificate_APIPassthrough',
    more: {
      ApiPassthrough: { Subject: { CommonName: commonName } },
      ...(token !== undefined && { IdempotencyToken: token }),
    },
  })
  const hear = (answer: Omit<Settled, 'unclear'> | undefined): void => {
    if (answer?.status === 200) arns.add(answer.json.CertificateArn as string)
    else if (answer !== undefined) ledger.strange.push(`${commonName}: ${textOf(answer)}`)
  }
  if (token === undefined) {
    const answer = await client.attempt('IssueCertificate', input)
    issuance.unclear = answer === undefined
    hear(answer)
    return
  }
  const times = choices.fraction() < 0.2 ? 3 : 1
  const answers = await Promise.all(
    Array.from({ length: times }, () => client.settle('IssueCertificate', input)),
  )
  issuance.unclear = answers.some(({ unclear }) => unclear)
  answers.forEach(hear)
}

/** Whoever is asked knows it: it was answered. */
async function fetchIssued({ client, ledger }: Load, issuance: Issuance): Promise<void> {
  const [CertificateArn = ''] = issuance.arns
  const input = { CertificateAuthorityArn: issuance.authorityArn, CertificateArn }
  const answer = await client.settle('GetCertificate', input)
  if (answer.status === 200) issuance.certificate = answer.json.Certificate as string
  else ledger.strange.push(`${CertificateArn}: ${textOf(answer)}`)
}

async function revoke({ client, ledger, authorities }: Load, issuance: Issuance): Promise<void> {
  const [arn = ''] = issuance.arns
  const revocation: NonNullable<Issuance['revocation']> = { askedAt: Date.now() }
  issuance.revocation = revocation
  const answer = await client.settle('RevokeCertificate', {
    CertificateAuthorityArn: issuance.authorityArn,
    CertificateSerial: lastOf(arn),
    RevocationReason: 'KEY_COMPROMISE',
  })
  if (answer.status === 200) await seeRevoked({ client, ledger, authorities }, issuance)
  const wasDone = answer.unclear && answer.json.__type === 'RequestAlreadyProcessedException'
  if (answer.status === 200 || wasDone) revocation.answeredAt = Date.now()
  else ledger.strange.push(`revocation of ${arn}: ${textOf(answer)}`)
}

/** Any responder that answers says so at once. */
async function seeRevoked(
  { client, ledger, authorities }: Pick<Load, 'client' | 'ledger' | 'authorities'>,
  { arns, authorityArn }: Issuance,
): Promise<void> {
  const issuer = authorities.find(({ arn }) => arn === authorityArn)?.certificate ?? ''
  const [arn = ''] = arns
  const request = ocspRequest([{ issuer, serial: lastOf(arn) }]).toString('base64')
  const der = await client.fetchPublic(`/ocsp/${encodeURIComponent(request)}`)
  // Without its database a responder says only that.
  if (der === undefined || der.length < errorBytesMax) return
  const status = readOcspAnswer(der).singles[0]?.status
  if (status !== 'revoked') ledger.strange.push(`${arn} is ${status} after it was revoked`)
}

/** Whoever is asked, many times at once, knows what was acknowledged. */
async function seeTag(
  { client, ledger }: Load,
  authorityArn: string,
  { key, value }: { readonly key: string; readonly value: string | undefined },
): Promise<void> {
  const lists = await Promise.all(
    Array.from({ length: looksAtOnce }, () => tagsOf(client, authorityArn)),
  )
  for (const tags of lists) {
    const found = tags.find(({ Key }) => Key === key)?.Value
    if (found !== value)
      ledger.strange.push(`tag ${key} is ${found} after it was acknowledged to be ${value}`)
  }
}

/**
 * Each tag is set, looked for, and half of them are removed. A call that broke may still be done later: then nothing is
 * known of its tag.
 */
async function tagAndUntag(load: Load): Promise<void> {
  const { client, choices, ledger, authorities, isOver } = load
  for (let count = 0; !isOver(); count += 1) {
    const CertificateAuthorityArn = authorities[0]?.arn ?? ''
    const tag = { Key: `key ${count}`, Value: `value ${count}` }
    const call = async (operation: string): Promise<boolean> => {
      const answer = await client.settle(operation, { CertificateAuthorityArn, Tags: [tag] })
      if (answer.status !== 200) ledger.strange.push(`${operation}: ${textOf(answer)}`)
      return !answer.unclear
    }
    const become = async (value: string | undefined): Promise<void> => {
      ledger.tags.set(tag.Key, value)
      await seeTag(load, CertificateAuthorityArn, { key: tag.Key, value })
    }
    if (!(await call('TagCertificateAuthority'))) continue
    await become(tag.Value)
    const isRemoved = choices.fraction() < 0.5
    if (isRemoved && (await call('UntagCertificateAuthority'))) await become(undefined)
    else if (isRemoved) ledger.tags.delete(tag.Key)
    await delay(100)
  }
}

/** CAs whose key pair and CSR a job makes, on one server or on several at once. */
async function createMore({ client, ledger, isOver }: Load): Promise<void> {
  for (let count = 0; !isOver(); count += 1) {
    const token = `authority ${count}`.replace(' ', '-')
    const creation: Creation = { token, arns: new Set(), csrs: new Set() }
    ledger.creations.push(creation)
    const more = { IdempotencyToken: token }
    const input = authorityInput({ subject: { CommonName: token }, more })
    const answers = await Promise.all(
      [0, 1].map(() => client.settle('CreateCertificateAuthority', input)),
    )
    for (const answer of answers)
      if (answer.status === 200) creation.arns.add(answer.json.CertificateAuthorityArn as string)
      else ledger.strange.push(`creation of ${token}: ${textOf(answer)}`)
    for (const arn of [...creation.arns, ...creation.arns])
      creation.csrs.add(await csrOf(client, arn))
    await delay(500)
  }
}

/** Looks at the CRL of each CA all the time, and notes each version. */
export async function pollCrls({ client, ledger, authorities, isOver }: Load): Promise<void> {
  const poll = async (path: string): Promise<void> => {
    let last = ''
    while (!isOver()) {
      const der = await client.fetchPublic(path)
      if (der !== undefined && digest(der) !== last) {
        last = digest(der)
        ledger.crls.push({ path, der, seenAt: Date.now() })
      }
      await delay(pollMilliseconds)
    }
  }
  await Promise.all(authorities.map(({ crlPath }) => poll(crlPath)))
}

interface Tag {
  readonly Key: string
  readonly Value?: string
}

/** All tags of a CA, as servers list them. */
export async function tagsOf(client: Client, CertificateAuthorityArn: string): Promise<Tag[]> {
  const tags: Tag[] = []
  for (let NextToken: string | undefined; ;) {
    const page = await client.must('ListTags', {
      CertificateAuthorityArn,
      ...(NextToken !== undefined && { NextToken }),
    })
    tags.push(...(page.Tags as Tag[]))
    NextToken = page.NextToken as string | undefined
    if (NextToken === undefined) return tags
  }
}

function textOf({ status, json }: Pick<Settled, 'status' | 'json'>): string {
  return `${status} ${JSON.stringify(json)}`
}
