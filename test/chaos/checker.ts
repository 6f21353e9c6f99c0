/**
 * Compares the responses that clients received with the stored data. The checker uses none of the server's code. The checker
 * reads rows with SQL, certificates with OpenSSL in Node.js, and CRLs and OCSP responses with the `openssl` command.
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { checkCrlVersions } from './crl-versions.ts'
import type { LoadedAuthority } from './hierarchy.ts'
import type { Issuance, Ledger } from './ledger.ts'
import { checkOcsp } from './ocsp.ts'

/** A database row from either engine. */
export type Row = Readonly<Record<string, unknown>>

export interface Evidence {
  readonly rows: (text: string) => Promise<Row[]>
  readonly ledger: Ledger
  readonly authorities: readonly LoadedAuthority[]
  /** The public listeners of the running servers. */
  readonly publicUrls: readonly string[]
  /** Tags of the first CA, as returned by ListTags. */
  readonly tags: readonly { readonly Key: string; readonly Value?: string }[]
}

/** A certificate in the database. */
interface StoredCertificate {
  readonly row: Row
  readonly certificate: X509Certificate
  readonly commonName: string
}

/** Returns a line for every difference between the responses and the stored data. */
export async function findProblems(evidence: Evidence): Promise<string[]> {
  const { ledger } = evidence
  const problems: string[] = ledger.unexpected.map((text) => `unexpected response: ${text}`)
  const authorities = await authoritiesOf(evidence)
  const stored = await readCertificates(evidence, authorities, problems)
  for (const issuance of ledger.issuances) checkIssuance(issuance, stored, problems)
  checkUnrequested(ledger, stored, problems)
  problems.push(
    ...(await checkCounts(evidence)),
    ...(await checkTokens(evidence)),
    ...(await checkCreations(evidence)),
    ...(await checkRevocations(evidence)),
    ...checkTags(evidence),
  )
  return problems
}

interface Signer {
  readonly id: string
  readonly arn: string
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

async function authoritiesOf({ rows, authorities }: Evidence): Promise<Map<number, Signer>> {
  const found = new Map<number, Signer>()
  for (const { authority_number, id } of await rows(
    'select authority_number, id from authorities',
  )) {
    const authority = authorities.find(({ arn }) => arn.endsWith(`/${String(id)}`))
    if (authority === undefined) continue
    const certificate = new X509Certificate(authority.certificate)
    found.set(Number(authority_number), {
      id: String(id),
      arn: authority.arn,
      key: certificate.publicKey,
      certificate,
    })
  }
  return found
}

/** Returns all stored certificates, keyed by common name. Each row's columns are compared with its certificate. */
async function readCertificates(
  { rows }: Evidence,
  authorities: ReadonlyMap<number, Signer>,
  problems: string[],
): Promise<Map<string, StoredCertificate[]>> {
  const stored = new Map<string, StoredCertificate[]>()
  const serials = new Set<string>()
  const text = `select certificate_number, authority_number, serial_number, certificate_der, not_after
    from certificates order by certificate_number`
  for (const row of await rows(text)) {
    const name = `certificate ${String(row['certificate_number'])}`
    const certificate = new X509Certificate(Buffer.from(row['certificate_der'] as Uint8Array))
    const serial = hex(row['serial_number']).replace(/^0+/, '')
    const signer = authorities.get(Number(row['authority_number']))
    const encoded = certificate.serialNumber.toLowerCase().replace(/^0+/, '')
    if (encoded !== serial)
      problems.push(`${name} has serial number ${encoded}, but its row has ${serial}`)
    if (serials.has(serial)) problems.push(`serial number ${serial} occurs twice`)
    serials.add(serial)
    if (signer === undefined) problems.push(`${name} was issued by an unknown CA`)
    else if (!certificate.checkIssued(signer.certificate) || !certificate.verify(signer.key))
      problems.push(`${name} is not signed by its CA`)
    if (certificate.validToDate.getTime() !== Number(row['not_after']) * 1000)
      problems.push(`${name} has a different notAfter from its row`)
    const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
    const sameName = stored.get(commonName) ?? []
    stored.set(commonName, [...sameName, { row, certificate, commonName }])
  }
  return stored
}

function hex(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString('hex')
}

/** Checks that each acknowledged certificate is stored once and unchanged, and that no request produced two certificates. */
function checkIssuance(
  issuance: Issuance,
  stored: ReadonlyMap<string, readonly StoredCertificate[]>,
  problems: string[],
): void {
  const { commonName, token, arns, unclear, authorityArn } = issuance
  const found = stored.get(commonName) ?? []
  if (found.length > 1)
    problems.push(`${commonName} (token ${token}) has ${found.length} certificates`)
  if (arns.size > 1)
    problems.push(`${commonName} (token ${token}) has several ARNs: ${[...arns].join(', ')}`)
  const [arn] = arns
  const [first] = found
  if (arn === undefined) {
    if (first !== undefined && !unclear) problems.push(`${commonName} was refused, but is stored`)
    return
  }
  if (first === undefined) {
    problems.push(`${commonName} was issued as ${arn}, but is missing`)
    return
  }
  if (arn !== `${authorityArn}/certificate/${hex(first.row['serial_number'])}`)
    problems.push(`${commonName} was issued as ${arn}, but another certificate is stored`)
  if (issuance.certificate === undefined) return
  const returned = new X509Certificate(issuance.certificate)
  if (!returned.raw.equals(first.certificate.raw))
    problems.push(
      `GetCertificate returned ${arn} with bytes that differ from the stored certificate`,
    )
}

function checkUnrequested(
  { issuances }: Ledger,
  stored: ReadonlyMap<string, readonly StoredCertificate[]>,
  problems: string[],
): void {
  const requested = new Set(issuances.map(({ commonName }) => commonName))
  for (const commonName of stored.keys())
    if (commonName.startsWith('client ') && !requested.has(commonName))
      problems.push(`${commonName} was issued without a request`)
}

/** Compares the counts of certificates and revocations with the numbers of rows. */
async function checkCounts({ rows }: Evidence): Promise<string[]> {
  const counts = await rows(`select a.id, c.issued, c.revoked,
      (select count(*) from certificates r where r.authority_number = a.authority_number) as certificates,
      (select count(*) from revocations r where r.authority_number = a.authority_number) as revocations
    from authorities a left join certificate_counts c on c.authority_number = a.authority_number`)
  return counts.flatMap((row) => {
    const value = (name: string): number => Number(row[name] ?? 0)
    const isRight =
      value('issued') === value('certificates') && value('revoked') === value('revocations')
    return isRight ? [] : [`counts are wrong: ${JSON.stringify(row)}`]
  })
}

/** Checks that each stored idempotency token refers to the ARN in the responses to the token's request. */
async function checkTokens({ rows, ledger }: Evidence): Promise<string[]> {
  const arnsByToken = new Map(
    [...ledger.issuances, ...ledger.creations].map(({ token, arns }) => [token, arns]),
  )
  const tokens = await rows('select token, arn from idempotency_tokens')
  return tokens.flatMap(({ token, arn }) => {
    const arns = arnsByToken.get(String(token))
    if (arns === undefined) return [`token ${String(token)} was never sent`]
    const isRight = arns.size === 0 || arns.has(String(arn))
    return isRight ? [] : [`token ${String(token)} refers to ${String(arn)}, which no response has`]
  })
}

/** Checks that each requested CA is stored once, with one key, and that its CSR and certificate have this key. */
async function checkCreations({ rows, ledger, authorities }: Evidence): Promise<string[]> {
  const found = await rows(`select a.id, a.configuration, a.status, a.csr_pem, a.key_handle, k.name,
      k.subject_public_key_info from authorities a left join keys k on a.key_handle like '%' || k.name`)
  const [keys] = await rows("select count(*) as n from keys where name <> 'record'")
  const problems: string[] = []
  if (Number(keys?.['n']) !== found.length)
    problems.push(`${String(keys?.['n'])} keys exist for ${found.length} CAs`)
  const names = found.map(({ configuration }) => commonNameOf(configuration))
  if (new Set(names).size !== names.length)
    problems.push(`a CA was created twice: ${names.join(', ')}`)
  for (const { token, arns, csrs } of ledger.creations) {
    const [arn = ''] = arns
    const [csrPem] = csrs
    const row = found.find(({ id }) => arn.endsWith(`/${String(id)}`))
    if (arns.size > 1 || csrs.size > 1)
      problems.push(`${token} has several ARNs or CSRs: ${[...arns, ...csrs].join()}`)
    if (row === undefined) problems.push(`${token} was created as ${arn}, but is missing`)
    else if (row['csr_pem'] !== csrPem)
      problems.push(`${token} has a different CSR from the one in the responses`)
  }
  for (const row of found) {
    const spki = Buffer.from((row['subject_public_key_info'] ?? []) as Uint8Array)
    const csrPem = String(row['csr_pem'])
    const csrDer = Buffer.from(csrPem.replaceAll(/-----.*-----|\s/g, ''), 'base64')
    if (spki.length === 0 || !csrDer.includes(spki))
      problems.push(`the CSR of ${String(row['id'])} has another key`)
    const root = authorities.find(({ arn }) => arn.endsWith(`/${String(row['id'])}`))
    if (root === undefined) continue
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    if (!new X509Certificate(root.certificate).publicKey.equals(key))
      problems.push(`the certificate of ${root.arn} has another key`)
  }
  return problems
}

function commonNameOf(configuration: unknown): string {
  const { Subject } = JSON.parse(String(configuration)) as { Subject: { CommonName: string } }
  return Subject.CommonName
}

/**
 * Checks that the rows, all later CRLs and the OCSP responses contain every acknowledged revocation, and no other revocations.
 */
async function checkRevocations(evidence: Evidence): Promise<string[]> {
  const { rows, ledger, authorities, publicUrls } = evidence
  const stored = new Set(
    (await rows('select serial_number from revocations')).map((row) => hex(row['serial_number'])),
  )
  const problems: string[] = []
  for (const { arns, revocation } of ledger.issuances) {
    const serial = [...arns][0]?.split('/').at(-1) ?? ''
    if (revocation?.acknowledgedAt !== undefined && !stored.has(serial))
      problems.push(`the acknowledged revocation of ${serial} is not stored`)
    if (revocation === undefined && stored.has(serial))
      problems.push(`the stored revocation of ${serial} was never requested`)
  }
  for (const authority of authorities) {
    const issued = ledger.issuances.filter(({ authorityArn }) => authorityArn === authority.arn)
    problems.push(...(await checkCrlVersions(authority, ledger.crls, issued)))
    problems.push(...(await checkOcsp(authority, publicUrls, issued)))
  }
  return problems
}

function checkTags({ ledger, tags }: Evidence): string[] {
  const listed = new Map(tags.map(({ Key, Value }) => [Key, Value]))
  return [...ledger.tags].flatMap(([key, value]) =>
    listed.get(key) === value ? [] : [`tag ${key} is ${listed.get(key)}, not ${value}`],
  )
}
