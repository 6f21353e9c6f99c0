/** Tests that a CA's KeyStorageSecurityStandard determines its key store (--key-storage-standards). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { authorityInput, createRoot, issue } from '../support/hierarchy.ts'
import { KmsServer, useKmsCredentials } from '../support/kms-server.ts'
import { command } from '../support/process.ts'
import { lastOf } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const level3 = 'FIPS_140_2_LEVEL_3_OR_HIGHER'
const ccpc = 'CCPC_LEVEL_1_OR_HIGHER'
useKmsCredentials()
let kms: KmsServer
let service: TestService
before(async () => {
  kms = await KmsServer.start()
  // The CA was created before the key storage setting existed.
  service = await TestService.start({ kmsEndpoint: kms.endpoint, kmsRegion: kms.region })
  await createRoot(service)
  await service.restartWith({ keyStorageStandards: `${level3}=kms,${ccpc}=local` })
})
after(async () => {
  await service.close()
  await kms[Symbol.asyncDispose]()
})

const withStandard = (KeyStorageSecurityStandard: string) => ({
  more: { KeyStorageSecurityStandard },
})

async function standardOf(CertificateAuthorityArn: string): Promise<unknown> {
  const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
    CertificateAuthorityArn,
  })
  return (CertificateAuthority as Record<string, unknown>)['KeyStorageSecurityStandard']
}

function isInKms(authorityArn: string): boolean {
  return kms.operations.aliases.has(`alias/signet/${lastOf(authorityArn)}`)
}

test('a CA is created in the key store of its standard, and the default standard is that of AWS', async () => {
  for (const [more, standard] of [
    [{}, level3],
    [withStandard(level3), level3],
    [withStandard(ccpc), ccpc],
  ] as const) {
    const root = await createRoot(service, more)
    assert.equal(isInKms(root.arn), standard === level3)
    assert.equal(await standardOf(root.arn), standard)
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
  }
})

test('a standard that is not listed is refused, and the error names the listed ones', async () => {
  const input = authorityInput(withStandard('FIPS_140_2_LEVEL_2_OR_HIGHER'))
  const { status, json } = await service.call('CreateCertificateAuthority', input)
  assert.equal(status, 400)
  assert.equal(json['__type'], 'InvalidArgsException')
  assert.equal(
    json['message'],
    'A certificate authority cannot be created in this region with the specified security standard. ' +
      `The server offers: ${level3}, ${ccpc}.`,
  )
})

test('signet status names the stores of the standards, and warns of keys in another store', async () => {
  const data = service.config.dataDirectory
  const { stdout } = await command(['status', '--endpoint', service.url, '--data', data])
  assert.match(
    stdout,
    /new CAs: FIPS_140_2_LEVEL_3_OR_HIGHER in AWS KMS; CCPC_LEVEL_1_OR_HIGHER in software\n/,
  )
  assert.match(stdout, /1 CA reports FIPS_140_2_LEVEL_3_OR_HIGHER, but its key is in software/)
})

test('a CA whose standard is no longer listed gets its key once the standard is listed again', async () => {
  const existing = await createRoot(service)
  kms.fault = () => 'deny'
  const { CertificateAuthorityArn } = await service.must(
    'CreateCertificateAuthority',
    authorityInput(),
  )
  const csrOf = async () => {
    await service.runJob('finish-creation')
    return service.call('GetCertificateAuthorityCsr', { CertificateAuthorityArn })
  }
  await service.restartWith({ keyStorageStandards: `${ccpc}=local` })
  kms.fault = () => undefined
  assert.equal((await csrOf()).json['__type'], 'RequestInProgressException')
  await issue(service, { arn: existing.arn, csr: csr('ec-server') })
  await service.restartWith({ keyStorageStandards: `${level3}=kms,${ccpc}=local` })
  assert.equal((await csrOf()).status, 200)
  assert.ok(isInKms(CertificateAuthorityArn as string))
})

test('signet init-hierarchy creates both CAs with a standard', async () => {
  const data = service.config.dataDirectory
  const connection = ['--endpoint', service.url, '--data', data, '--region', 'eu-west-1']
  const { code, stdout, stderr } = await command([
    'init-hierarchy',
    ...connection,
    '--key-storage-standard',
    ccpc,
    '--output',
    'json',
  ])
  assert.equal(code, 0, stderr)
  const arns = stdout.match(/arn:aws:acm-pca:[^"]+/g) ?? []
  assert.ok(arns.length >= 2, stdout)
  for (const arn of arns) assert.equal(await standardOf(arn), ccpc)
})

test('check-config and serve refuse a standard whose key store is not configured', async () => {
  const data = `${service.config.dataDirectory}-new`
  for (const name of ['check-config', 'serve']) {
    const flags = ['--data', data, '--key-storage-standards', `${level3}=pkcs11`]
    const { code, stderr } = await command([name, ...flags])
    assert.equal(code, 2)
    assert.match(stderr, /FIPS_140_2_LEVEL_3_OR_HIGHER=pkcs11 requires --pkcs11-module/)
  }
})
