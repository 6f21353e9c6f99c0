/**
 * Tests the calls that cert-manager's aws-privateca-issuer makes, in the same order and with the same values. The issuer uses the
 * CA's signing algorithm, requests an absolute end of validity, and relies on its idempotency token. The issuer does not check
 * that the last certificate in the chain is a root.
 */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  allow,
  createAccount,
  createUser,
  otherAccountId,
  share,
  type User,
} from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, createSubordinate, templateArn } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'
import type { Credentials } from '../support/signed-request.ts'
import {
  buildGoProgram,
  goClient,
  javascriptClient,
  type Client,
  type Issued,
  type ClientRequest,
} from './privateca-issuer-clients.ts'

let service: TestService
let folder: string
let root: { readonly arn: string }
let subordinate: { readonly arn: string }
let tenant: User
before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-issuer-'))
  await createAccount(service)
  root = await createRoot(service, { keyAlgorithm: 'RSA_2048', signingAlgorithm: 'SHA384WITHRSA' })
  subordinate = await createSubordinate(service, root, { parentSigningAlgorithm: 'SHA384WITHRSA' })
  const statement = allow('DescribeCertificateAuthority', 'GetCertificate', 'IssueCertificate')
  const accountId = otherAccountId
  tenant = await createUser(service, { accountId, userName: 'issuer', statements: [statement] })
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

/** The fields of cert-manager's CertificateRequest that the issuer reads. */
interface Request {
  /** Namespace and name of the CertificateRequest. */
  readonly name: string
  readonly csr: string
  readonly usages?: readonly string[]
  readonly isCa?: boolean
  readonly authority: { readonly arn: string }
  readonly credentials?: Credentials
  /** End of the validity, in seconds since 1970; by default, ninety days from now. */
  readonly notAfter?: number
}

/** Returns the template for the usages in a request. */
function templateFor({ usages = [], isCa = false }: Request): string {
  if (isCa) return 'SubordinateCACertificate_PathLen0'
  const names: Record<string, string> = {
    'code signing': 'CodeSigningCertificate',
    'client auth': 'EndEntityClientAuthCertificate',
    'server auth': 'EndEntityServerAuthCertificate',
    'ocsp signing': 'OCSPSigningCertificate',
    'client auth, server auth': 'EndEntityCertificate',
  }
  return names[[...usages].sort().join(', ')] ?? 'BlankEndEntityCertificate_APICSRPassthrough'
}

const ninetyDays = (): number => Math.floor(Date.now() / 1000) + 90 * 86_400

function clientRequestOf(request: Request): ClientRequest {
  const digest = createHash('sha256').update(request.name).digest('hex')
  return {
    endpoint: service.url,
    authority: request.authority.arn,
    template: templateArn(templateFor(request)),
    csr: request.csr,
    token: digest.slice(0, 36),
    notAfter: request.notAfter ?? ninetyDays(),
  }
}

async function sign(client: Client, request: Request): Promise<Issued> {
  return client(clientRequestOf(request), request.credentials ?? service.credentials)
}

/** Splits a chain into its intermediates and its root, which must be the last certificate. */
function splitChain(chain: string): { intermediates: X509Certificate[]; root: X509Certificate } {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----/g) ?? []
  assert.equal(
    blocks.join('\n'),
    chain,
    'the chain has only certificates and no trailing line feed',
  )
  const certificates = blocks.map((block) => new X509Certificate(block))
  const last = certificates.pop()
  assert.ok(last !== undefined, 'the chain has a certificate')
  assert.ok(last.checkIssued(last) && last.verify(last.publicKey), 'the last certificate is a root')
  return { intermediates: certificates, root: last }
}

/** Asserts that a certificate has the requested values, and that its chain leads to the root. */
function assertIssued(
  { certificate, chain, certificateArn }: Issued,
  expected: {
    readonly notAfter: number
    readonly above: number
    readonly uses: readonly string[] | undefined
  },
): X509Certificate {
  const leaf = new X509Certificate(certificate)
  const { intermediates, root: top } = splitChain(chain)
  assert.equal(intermediates.length, expected.above)
  const path = [leaf, ...intermediates, top]
  for (const [index, issuer] of path.slice(1).entries()) {
    assert.ok(path[index]?.checkIssued(issuer) && path[index].verify(issuer.publicKey))
  }
  assert.equal(leaf.validToDate.getTime() / 1000, expected.notAfter)
  assert.deepEqual(leaf.keyUsage, expected.uses)
  assert.ok(certificateArn.endsWith(leaf.serialNumber.toLowerCase().padStart(32, '0')))
  return leaf
}

const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
}

function testsOf(label: string, client: () => Client | undefined): void {
  const withClient = (name: string, body: (issuerClient: Client) => Promise<void>): void =>
    void test(name, async (t) => {
      const issuerClient = client()
      if (issuerClient === undefined) t.skip('NOT TESTED: the client cannot be built here')
      else await body(issuerClient)
    })

  withClient('a subordinate CA issues a certificate for each usage', async (issuerClient) => {
    const notAfter = ninetyDays()
    const { clientAuth, codeSigning, ocspSigning, serverAuth, timeStamping } = purposes
    for (const [usages, uses] of [
      [['server auth'], [serverAuth]],
      [['client auth'], [clientAuth]],
      [['code signing'], [codeSigning]],
      [['ocsp signing'], [ocspSigning]],
      [
        ['server auth', 'client auth'],
        [serverAuth, clientAuth],
      ],
      // The key purposes come from the CSR.
      [['digital signature', 'key encipherment', 'server auth'], [timeStamping]],
    ] as const) {
      const request = {
        name: `${label}/${usages.join('-')}`,
        csr: csr('asks-as-entity'),
        usages,
        authority: subordinate,
        notAfter,
      }
      const issued = await sign(issuerClient, request)
      assert.equal(issued.signingAlgorithm, 'SHA256WITHECDSA')
      const leaf = assertIssued(issued, { notAfter, above: 1, uses })
      assert.match(leaf.subjectAltName ?? '', /^DNS:server\.example\.com, /)
      assert.equal(leaf.ca, false)
    }
  })

  withClient(
    'a root issues a CA certificate and a leaf certificate, whose chain is only the root',
    async (issuerClient) => {
      const notAfter = ninetyDays()
      const ofRoot = { authority: root, notAfter }
      const request = { ...ofRoot, name: `${label}/ca`, csr: csr('ec-no-san'), isCa: true }
      const issued = await sign(issuerClient, request)
      assert.equal(issued.signingAlgorithm, 'SHA384WITHRSA')
      assert.equal(assertIssued(issued, { notAfter, above: 0, uses: undefined }).ca, true)
      const usages = ['server auth']
      const leaf = await sign(issuerClient, {
        ...ofRoot,
        name: `${label}/leaf`,
        csr: csr('rsa-2048'),
        usages,
      })
      assertIssued(leaf, { notAfter, above: 0, uses: [purposes.serverAuth] })
    },
  )

  withClient(
    'a repeated request returns the same certificate, and a different one from another CA',
    async (issuerClient) => {
      const usages = ['server auth', 'client auth']
      const request = {
        name: `${label}/web`,
        csr: csr('ec-server'),
        usages,
        authority: subordinate,
      }
      const first = await sign(issuerClient, request)
      // A retry requests a later end of validity.
      const again = await sign(issuerClient, { ...request, notAfter: ninetyDays() + 5 })
      assert.deepEqual(again, first)
      const atRoot = await sign(issuerClient, { ...request, authority: root })
      assert.ok(atRoot.certificateArn.startsWith(`${root.arn}/certificate/`))
      const renamed = await sign(issuerClient, { ...request, name: `${label}/web-2` })
      assert.notEqual(renamed.certificateArn, first.certificateArn)
      service.clock.advance({ seconds: 295 })
      assert.deepEqual(await sign(issuerClient, request), first)
      service.clock.advance({ seconds: -295 })
    },
  )

  withClient(
    'a CA of another account issues certificates with the template that its policy allows',
    async (issuerClient) => {
      const notAfter = ninetyDays()
      const { credentials } = tenant
      const from = { csr: csr('asks-as-entity'), authority: subordinate, credentials, notAfter }
      const plain = { ...from, name: `${label}/shared`, usages: ['server auth', 'client auth'] }
      const blank = { ...from, name: `${label}/blank`, usages: ['digital signature'] }
      const { clientAuth, serverAuth, timeStamping } = purposes
      await service.must('DeletePolicy', { ResourceArn: subordinate.arn })
      await assert.rejects(
        sign(issuerClient, plain),
        /no resource-based policy allows the acm-pca:Describe/,
      )
      await share(service, { arn: subordinate.arn })
      const uses = [serverAuth, clientAuth]
      assertIssued(await sign(issuerClient, plain), { notAfter, above: 1, uses })
      const noIssue = /no resource-based policy allows the acm-pca:IssueCertificate action/
      await assert.rejects(sign(issuerClient, blank), noIssue)
      const template = 'BlankEndEntityCertificate_APICSRPassthrough'
      await share(service, { arn: subordinate.arn, template })
      assertIssued(await sign(issuerClient, blank), { notAfter, above: 1, uses: [timeStamping] })
      await assert.rejects(sign(issuerClient, { ...plain, name: `${label}/late` }), noIssue)
    },
  )
}

suite('the AWS SDK for JavaScript', () => testsOf('js', () => javascriptClient))

suite('the AWS SDK for Go', () => {
  let program: string | undefined
  test('the Go program is built', async (t) => {
    program = await buildGoProgram(t, folder)
  })
  testsOf('go', () => (program === undefined ? undefined : goClient(program)))
})
