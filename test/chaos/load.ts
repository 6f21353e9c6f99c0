/**
 * Clients that issue, fetch and revoke certificates, tag and create CAs, and fetch CRLs. The clients call random servers and
 * record every response.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import { authorityInput, issueInput } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { lastOf } from '../support/revocation.ts'
import type { Choices } from './choices.ts'
import type { Client, FinalResponse } from './client.ts'
import { csrOf, type LoadedAuthority } from './hierarchy.ts'
import { digest, type Creation, type Issuance, type Ledger } from './ledger.ts'

export interface Load {
  readonly client: Client
  readonly choices: Choices
  readonly ledger: Ledger
  readonly authorities: readonly LoadedAuthority[]
  /** Whether clients must stop after their current work. */
  readonly isOver: () => boolean
}

const issuers = 6
/** Number of clients whose responses are ignored. Servers batch reads from these clients with reads from other clients. */
const readers = 6
/** Number of concurrent ListTags calls to random servers after a tag was changed. */
const tagReads = 16
/** Maximum size of an OCSP error response, which contains only a status. */
const errorBytesMax = 16
/** Delay between two requests for a CRL. */
export const pollMilliseconds = 100

/** Runs all clients until `isOver`. Clients complete the work that they have already started. */
export async function runLoad(load: Load): Promise<void> {
  const authority = { CertificateAuthorityArn: load.authorities[0]?.arn }
  await Promise.all([
    ...Array.from({ length: issuers }, (_, index) => issueAndRevoke(load, index)),
    tagAndUntag(load),
    ...Array.from({ length: readers }, () =>
      load.client.readRepeatedly('DescribeCertificateAuthority', authority, load.isOver),
    ),
    createMoreAuthorities(load),
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

/** Requests a certificate. Requests with a token are retried until their outcome is known. Some requests are sent three times. */
async function issue({ client, choices, ledger }: Load, issuance: Issuance): Promise<void> {
  const { authorityArn, commonName, token, arns } = issuance
  const input = issueInput(authorityArn, csr('ec-server'), {
    template: 'EndEntityCertificate_APIPassthrough',
    more: {
      ApiPassthrough: { Subject: { CommonName: commonName } },
      ...(token !== undefined && { IdempotencyToken: token }),
    },
  })
  const record = (response: Omit<FinalResponse, 'unclear'> | undefined): void => {
    if (response?.status === 200) arns.add(response.json.CertificateArn as string)
    else if (response !== undefined) ledger.unexpected.push(`${commonName}: ${textOf(response)}`)
  }
  if (token === undefined) {
    const response = await client.attempt('IssueCertificate', input)
    issuance.unclear = response === undefined
    record(response)
    return
  }
  const copies = choices.fraction() < 0.2 ? 3 : 1
  const responses = await Promise.all(
    Array.from({ length: copies }, () => client.retry('IssueCertificate', input)),
  )
  issuance.unclear = responses.some(({ unclear }) => unclear)
  responses.forEach(record)
}

/** Fetches an issued certificate, which every server must return because its issuance was acknowledged. */
async function fetchIssued({ client, ledger }: Load, issuance: Issuance): Promise<void> {
  const [CertificateArn = ''] = issuance.arns
  const input = { CertificateAuthorityArn: issuance.authorityArn, CertificateArn }
  const response = await client.retry('GetCertificate', input)
  if (response.status === 200) issuance.certificate = response.json.Certificate as string
  else ledger.unexpected.push(`${CertificateArn}: ${textOf(response)}`)
}

async function revoke({ client, ledger, authorities }: Load, issuance: Issuance): Promise<void> {
  const [arn = ''] = issuance.arns
  const revocation: NonNullable<Issuance['revocation']> = { requestedAt: Date.now() }
  issuance.revocation = revocation
  const response = await client.retry('RevokeCertificate', {
    CertificateAuthorityArn: issuance.authorityArn,
    CertificateSerial: lastOf(arn),
    RevocationReason: 'KEY_COMPROMISE',
  })
  if (response.status === 200) await checkRevokedStatus({ client, ledger, authorities }, issuance)
  const wasDone = response.unclear && response.json.__type === 'RequestAlreadyProcessedException'
  if (response.status === 200 || wasDone) revocation.acknowledgedAt = Date.now()
  else ledger.unexpected.push(`revocation of ${arn}: ${textOf(response)}`)
}

/** Checks that an OCSP responder returns the status `revoked` immediately after the revocation is acknowledged. */
async function checkRevokedStatus(
  { client, ledger, authorities }: Pick<Load, 'client' | 'ledger' | 'authorities'>,
  { arns, authorityArn }: Issuance,
): Promise<void> {
  const issuer = authorities.find(({ arn }) => arn === authorityArn)?.certificate ?? ''
  const [arn = ''] = arns
  const request = ocspRequest([{ issuer, serial: lastOf(arn) }]).toString('base64')
  const der = await client.fetchPublic(`/ocsp/${encodeURIComponent(request)}`)
  // A responder returns an error response while its database is unavailable.
  if (der === undefined || der.length < errorBytesMax) return
  const status = readOcspAnswer(der).singles[0]?.status
  if (status !== 'revoked') ledger.unexpected.push(`${arn} is ${status} after it was revoked`)
}

/** Checks with concurrent requests that all servers return the acknowledged value of a tag. */
async function checkTag(
  { client, ledger }: Load,
  authorityArn: string,
  { key, value }: { readonly key: string; readonly value: string | undefined },
): Promise<void> {
  const lists = await Promise.all(
    Array.from({ length: tagReads }, () => tagsOf(client, authorityArn)),
  )
  for (const tags of lists) {
    const actual = tags.find(({ Key }) => Key === key)?.Value
    if (actual !== value)
      ledger.unexpected.push(`tag ${key} is ${actual} after ${value} was acknowledged`)
  }
}

/**
 * Sets and checks tags, and removes half of them. An interrupted call may still be executed later, so its tag has an unknown
 * value.
 */
async function tagAndUntag(load: Load): Promise<void> {
  const { client, choices, ledger, authorities, isOver } = load
  for (let count = 0; !isOver(); count += 1) {
    const CertificateAuthorityArn = authorities[0]?.arn ?? ''
    const tag = { Key: `key ${count}`, Value: `value ${count}` }
    const call = async (operation: string): Promise<boolean> => {
      const response = await client.retry(operation, { CertificateAuthorityArn, Tags: [tag] })
      if (response.status !== 200) ledger.unexpected.push(`${operation}: ${textOf(response)}`)
      return !response.unclear
    }
    const expect = async (value: string | undefined): Promise<void> => {
      ledger.tags.set(tag.Key, value)
      await checkTag(load, CertificateAuthorityArn, { key: tag.Key, value })
    }
    if (!(await call('TagCertificateAuthority'))) continue
    await expect(tag.Value)
    const isRemoved = choices.fraction() < 0.5
    if (isRemoved && (await call('UntagCertificateAuthority'))) await expect(undefined)
    else if (isRemoved) ledger.tags.delete(tag.Key)
    await delay(100)
  }
}

/** Creates CAs, each with two concurrent requests. A job on one or several servers generates the key pair and the CSR. */
async function createMoreAuthorities({ client, ledger, isOver }: Load): Promise<void> {
  for (let count = 0; !isOver(); count += 1) {
    const token = `authority ${count}`.replace(' ', '-')
    const creation: Creation = { token, arns: new Set(), csrs: new Set() }
    ledger.creations.push(creation)
    const more = { IdempotencyToken: token }
    const input = authorityInput({ subject: { CommonName: token }, more })
    const responses = await Promise.all(
      [0, 1].map(() => client.retry('CreateCertificateAuthority', input)),
    )
    for (const response of responses)
      if (response.status === 200)
        creation.arns.add(response.json.CertificateAuthorityArn as string)
      else ledger.unexpected.push(`creation of ${token}: ${textOf(response)}`)
    for (const arn of [...creation.arns, ...creation.arns])
      creation.csrs.add(await csrOf(client, arn))
    await delay(500)
  }
}

/** Polls the CRL of each CA and records each version. */
export async function pollCrls({ client, ledger, authorities, isOver }: Load): Promise<void> {
  const poll = async (path: string): Promise<void> => {
    let last = ''
    while (!isOver()) {
      const der = await client.fetchPublic(path)
      if (der !== undefined && digest(der) !== last) {
        last = digest(der)
        ledger.crls.push({ path, der, fetchedAt: Date.now() })
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

/** Returns all tags of a CA, from all pages of ListTags. */
export async function tagsOf(client: Client, CertificateAuthorityArn: string): Promise<Tag[]> {
  const tags: Tag[] = []
  for (let NextToken: string | undefined; ;) {
    const page = await client.call('ListTags', {
      CertificateAuthorityArn,
      ...(NextToken !== undefined && { NextToken }),
    })
    tags.push(...(page.Tags as Tag[]))
    NextToken = page.NextToken as string | undefined
    if (NextToken === undefined) return tags
  }
}

function textOf({ status, json }: Pick<FinalResponse, 'status' | 'json'>): string {
  return `${status} ${JSON.stringify(json)}`
}
