/**
 * Tests of mutated CSRs at EST and ACME endpoints. OpenSSL reads every issued certificate and its CSR. The CSR's signature must
 * be valid, and the certificate must have the CSR's key, subject and names. The other extensions must be the same as in a
 * certificate for an unchanged CSR.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { Agent } from 'node:https'
import { after, before, test, type TestContext } from 'node:test'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { choicesOf } from '../chaos/choices.ts'
import type { AcmeClient } from '../support/acme-client.ts'
import { AcmeService } from '../support/acme-service.ts'
import {
  certificatesIn,
  createEndpoint,
  enrolled,
  estCall,
  type ClientCertificate,
} from '../support/est.ts'
import { tool } from '../support/foreign-tools.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import { derOf, ordered } from '../support/issued-orders.ts'
import { thorough } from '../support/thorough.ts'
import { baseRequests, mutateRequest, names, type BaseRequest } from './mutated-requests.ts'
import { readCertificate, readRequest, type Reading } from './openssl-readings.ts'

const seed = Number(process.env['SIGNET_FUZZ_SEED'] ?? 33)
const count = Number(process.env['SIGNET_FUZZ_REQUESTS'] ?? (thorough ? 1000 : 150))

/** The names as OpenSSL prints them. */
const sanOfOrder = ['DNS:device-1.corp.example', 'IP Address:10.1.2.3']
const hexOf = (csr: Buffer): string => csr.toString('hex').slice(0, 2000)

/** Asserts that a certificate differs from a reference certificate only in its serial number, subject, key and names. */
function assertSameProfile(der: Uint8Array, reference: Uint8Array, issuer: X509Certificate): void {
  assert.ok(new X509Certificate(der).verify(issuer.publicKey))
  const profile = (bytes: Uint8Array) => {
    const { extensions, issuer: name, notBefore, notAfter } = parseCertificate(bytes)
    const varying: readonly string[] = [oids.subjectAltName, oids.subjectKeyIdentifier]
    return {
      issuer: name.der,
      notBefore,
      notAfter,
      extensions: extensions.filter(({ oid }) => !varying.includes(oid)),
      key: extensions.filter(({ oid }) => oid === oids.subjectKeyIdentifier).length,
    }
  }
  assert.deepEqual(profile(der), profile(reference))
}

/** Returns the parts of a mutated CSR that differ from its base and are copied into certificates. */
function differenceOf(
  { publicKey, ...requested }: Reading,
  base: BaseRequest,
  unchanged: Pick<Reading, 'subject' | 'names'>,
): string {
  const parts = [
    requested.subject !== unchanged.subject && 'subject',
    requested.names.join() !== unchanged.names.join() && 'names',
    publicKey !== base.publicKey && 'key',
  ].filter(Boolean)
  return parts.length === 0 ? 'only parts that are not copied' : parts.join(' and ')
}

class Tally {
  readonly #counts = new Map<string, number>()

  add(text: string): void {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1)
  }

  report(t: TestContext): void {
    t.diagnostic(
      `seed ${seed}, ${count} requests: ${JSON.stringify(Object.fromEntries(this.#counts))}`,
    )
  }
}

/** The names in the SAN without repetitions. A renewal may add or omit repetitions. */
const namesOf = (reading: Reading) => [reading.subject, [...new Set(reading.names)]]

const open = { challenges: [], names: ['*.corp.example', '10.0.0.0/8'] }
let acme: AcmeService
let root: X509Certificate
before(async () => {
  acme = await AcmeService.start(open)
  const { service, authorityArn: ca } = acme
  const { Certificate = '' } = await service.must('GetCertificateAuthorityCertificate', {
    CertificateAuthorityArn: ca,
  })
  root = new X509Certificate(Certificate)
})
after(() => acme[Symbol.asyncDispose]())

const isPermitted = (name: string): boolean =>
  /^(?:DNS:)?(?:\*\.)?(?:[\w-]+\.)+corp\.example$/i.test(name) ||
  /^(?:IP Address:)?10\.\d+\.\d+\.\d+$/.test(name)

const agentOf = ({ key, cert }: ClientCertificate): Agent =>
  new Agent({ keepAlive: true, maxSockets: 1, ca: acme.service.enrollRoot, key, cert })

test('every certificate from EST for a mutated CSR is the one that the CSR requests and the endpoint permits', async (t) => {
  if ((await tool(t, 'openssl')) === undefined) return
  const { service, authorityArn: ca } = acme
  const factory = await createRoot(service, { subject: { CommonName: 'Factory' } })
  await createEndpoint(service, 'open', { ca })
  const options = { ca, names: open.names.join(), clientAuthorityArn: factory.arn }
  await createEndpoint(service, 'devices', options)
  const template = 'EndEntityClientAuthCertificate'
  const client = await enrolled(service, 'open', { names: ['factory.example'] })
  const { certificate } = await issue(service, { arn: factory.arn, csr: client.csr }, { template })
  const factoryAgent = agentOf({ key: client.key, cert: certificate })
  const send = (csr: Uint8Array, operation: string, agent: Agent) =>
    estCall(service, `devices/${operation}`, { body: Buffer.from(csr).toString('base64'), agent })
  const certificateIn = (text: string): Buffer => {
    const [pem = '', ...others] = certificatesIn(text)
    assert.equal(others.length, 0)
    return new X509Certificate(pem).raw
  }
  const [ecBase] = baseRequests
  assert.ok(ecBase)
  const first = await send(ecBase.der, 'simpleenroll', factoryAgent)
  const reference = certificateIn(first.text)
  const own = readCertificate(reference)
  const ownKey = ecBase.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const ownAgent = agentOf({ key: ownKey, cert: new X509Certificate(reference).toString() })
  t.after(() => [factoryAgent, ownAgent].forEach((agent) => agent.destroy()))
  const choices = choicesOf(seed)
  const tally = new Tally()
  for (let number = 0; number < count; number += 1) {
    const base = choices.of(baseRequests)
    const { csr, kind } = mutateRequest(base, choices)
    const isRenewal = choices.below(3) === 0
    const operation = isRenewal ? 'simplereenroll' : 'simpleenroll'
    const { status, text } = await send(csr, operation, isRenewal ? ownAgent : factoryAgent)
    tally.add(String(status))
    // A mutation can repeat parts until the body is too long.
    assert.ok([200, 400, 403, 413].includes(status), `${status} ${text} for ${hexOf(csr)}`)
    if (status !== 200) continue
    const der = certificateIn(text)
    const requested = readRequest(csr, base.key)
    const issued = readCertificate(der)
    assert.deepEqual(issued, requested, hexOf(csr))
    assertSameProfile(der, reference, root)
    const all = [...issued.names, ...issued.commonNames]
    assert.ok(all.length > 0 && all.every(isPermitted), all.join())
    if (isRenewal) assert.deepEqual(namesOf(issued), namesOf(own), hexOf(csr))
    tally.add(`issued, ${operation}, ${kind}: ${differenceOf(requested, base, own)}`)
  }
  tally.report(t)
})

test('every certificate from ACME for a mutated CSR has the key of the CSR and the identifiers of the order', async (t) => {
  if ((await tool(t, 'openssl')) === undefined) return
  const client: AcmeClient = await acme.account()
  const finalized = async (url: string, csr: Uint8Array) => {
    const answer = await client.finalize(url, csr)
    if (answer.status !== 200) return { answer, chain: [] }
    const chain = await client.post(String(answer.json['certificate']))
    return { answer, chain: derOf(chain) }
  }
  const newUrl = async (): Promise<string> =>
    String((await ordered(client, names)).json['finalize'])
  const [ecBase] = baseRequests
  assert.ok(ecBase)
  const [reference] = (await finalized(await newUrl(), ecBase.der)).chain
  assert.ok(reference)
  const unchanged = readRequest(ecBase.der, ecBase.key)
  const choices = choicesOf(seed + 1)
  const tally = new Tally()
  let url = await newUrl()
  for (let number = 0; number < count; number += 1) {
    const base = choices.of(baseRequests)
    const { csr, kind } = mutateRequest(base, choices)
    const { answer, chain } = await finalized(url, csr)
    const [der] = chain
    tally.add(`${answer.status} ${answer.problem ?? ''}`)
    if (der === undefined) {
      assert.ok([400, 413].includes(answer.status), `${answer.text} for ${hexOf(csr)}`)
      continue
    }
    const requested = readRequest(csr, base.key)
    const issued = readCertificate(der)
    assert.equal(issued.publicKey, requested.publicKey)
    assert.deepEqual(issued.names, sanOfOrder)
    assert.ok(['', ...names.map((name) => `CN=${name}`)].includes(issued.subject), issued.subject)
    const lower = [...requested.names, ...requested.commonNames.map((name) => `CN:${name}`)].map(
      (name) => name.toLowerCase().replace(/^(?:dns|ip address|cn):/, ''),
    )
    assert.deepEqual([...new Set(lower)].toSorted(), [...names].toSorted(), hexOf(csr))
    assertSameProfile(der, reference, root)
    tally.add(`issued, ${kind}: ${differenceOf(requested, base, unchanged)}`)
    url = await newUrl()
  }
  tally.report(t)
})
