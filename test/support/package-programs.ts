/** Programs that use the installed package. */

/** A program that uses both libraries from an ES module. */
export const esm = `
import { createClient } from 'signet-ca/client'
import { openEmbedded } from 'signet-ca/embedded'
import packageJson from 'signet-ca/package.json' with { type: 'json' }

const ca = await openEmbedded()
const other = createClient({
  region: ca.region,
  endpoint: ca.endpoint,
  credentials: ca.credentials,
  requestHandler: ca.requestHandler,
})
const { root, issuing } = await other.createHierarchy({
  root: { subject: { CommonName: 'Root' } },
  issuing: { subject: { CommonName: 'Issuing' } },
})
const issued = await ca.client.issue({ ca: issuing.arn, names: ['a.example'], validity: { days: 1 } })
await ca.close()
console.log(packageJson.version, issued.root === root.certificate, issued.chain === issuing.certificate)
`

/** A program that uses both libraries from CommonJS, and checks that the ES modules have the same classes. */
export const commonjs = `
const { createClient, ClientError } = require('signet-ca/client')
const { openEmbedded } = require('signet-ca/embedded')

async function main() {
  const ca = await openEmbedded()
  const { CertificateAuthorities } = await ca.client.listCertificateAuthorities({})
  const error = await ca.client.listTags({ CertificateAuthorityArn: 'x' }).catch((reason) => reason)
  await ca.close()
  const { createClient: same } = await import('signet-ca/client')
  console.log(CertificateAuthorities.length, error instanceof ClientError, same === createClient)
}
void main()
`

/**
 * A program that uses only the client, and issues a certificate. The program's arguments are the server's URL, the access key and
 * the secret.
 */
export const clientAlone = `
const { createClient } = require('signet-ca/client')

async function main([, , endpoint, accessKeyId, secretAccessKey]) {
  const credentials = { accessKeyId, secretAccessKey }
  const client = createClient({ region: 'eu-central-1', endpoint, credentials })
  await client.createHierarchy({
    root: { subject: { CommonName: 'Root' } },
    issuing: { subject: { CommonName: 'Issuing' } },
  })
  const { key, certificate } = await client.issue({ ca: 'Issuing', names: ['a.example'], validity: { days: 1 } })
  const { createClient: same } = await import('signet-ca/client')
  console.log(key.split('\\n')[0], certificate.split('\\n')[0], same === createClient)
}
void main(process.argv)
`

/** A program that compiles against the types of both libraries. */
export const typed = `
import { createServer } from 'node:tls'
import { createClient, type Client, type IssuedCertificate, type IssueRequest } from 'signet-ca/client'
import { openEmbedded, type EmbeddedCa, type EmbeddedOptions } from 'signet-ca/embedded'

const options: EmbeddedOptions = { data: ':memory:', quotas: { tagsPerAuthority: 3 } }

export async function issueAll(ca: string, csr: Uint8Array, request: IssueRequest): Promise<IssuedCertificate> {
  const embedded: EmbeddedCa = await openEmbedded(options)
  const { region, endpoint, credentials, requestHandler } = embedded
  const client: Client = createClient({ region, endpoint, credentials, requestHandler })
  const { CertificateAuthority } = await client.describeCertificateAuthority({ CertificateAuthorityArn: ca })
  const status: string | undefined = CertificateAuthority?.Status
  // @ts-expect-error -- the API has no such member
  await client.describeCertificateAuthority({ Arn: status })
  const crl: Response = await embedded.fetchPublic(embedded.publicUrl)
  const validity = { days: 1 }
  const withKey = await client.issue({ ca, names: [crl.url], validity })
  createServer({ key: withKey.key, cert: withKey.certificate + withKey.chain, ca: withKey.root })
  const withCsr = await client.issue({ ca, csr, validity })
  // @ts-expect-error -- a certificate for a CSR comes without a key
  console.log(withCsr.key)
  // @ts-expect-error -- names are required without a subject
  await client.issue({ ca, validity })
  const named = await client.issue({ ca, subject: { CommonName: 'a' }, validity })
  console.log(named.key.length)
  // @ts-expect-error -- a CSR has its own names
  await client.issue({ ca, csr, names: ['a'], validity })
  // @ts-expect-error -- createClient has no such option
  createClient({ regoin: region })
  return client.issue(request)
}
`

/** An AWS SDK client that uses an embedded CA's request handler. */
export const newerSdk = `
import { STSClient, AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { createClient } from 'signet-ca/client'
import { openEmbedded } from 'signet-ca/embedded'

const ca = await openEmbedded()
const { region, endpoint, credentials, requestHandler, accountId } = ca
const sts = new STSClient({ region, endpoint, credentials, requestHandler })
const { Account } = await sts.send(new GetCallerIdentityCommand({}))
const RoleArn = \`arn:aws:iam::\${accountId}:role/none\`
const refusal = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'one' })).catch((error: Error) => error.name)
const client = createClient({ region, endpoint, credentials: sts.config.credentials, requestHandler: ca.requestHandler })
const { CertificateAuthorities } = await client.listCertificateAuthorities()
console.log(Account === accountId, refusal, CertificateAuthorities?.length)
`
