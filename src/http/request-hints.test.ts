import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestService } from '../../test/support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({})
})
after(() => service.close())

const scope = (name: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/${name}/aws4_request, SignedHeaders=host, Signature=00`
const form = 'application/x-www-form-urlencoded'

test('the error for another AWS service names the services that Signet serves', async () => {
  const expected = (name: string) =>
    new RegExp(`Signet serves acm-pca and sts; this request is for ${name}\\.`)
  const acm = await fetch(service.url, {
    method: 'POST',
    headers: {
      authorization: scope('acm'),
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CertificateManager.ListCertificates',
    },
    body: '{}',
  })
  assert.match(await acm.text(), expected('acm'))
  const ram = await fetch(`${service.url}/getresourceshares`, {
    method: 'POST',
    headers: { authorization: scope('ram') },
    body: '{}',
  })
  assert.match(await ram.text(), expected('ram'))
  const iam = await fetch(service.url, {
    method: 'POST',
    headers: { authorization: scope('iam'), 'content-type': form },
    body: 'Action=ListUsers&Version=2010-05-08',
  })
  assert.match(await iam.text(), expected('iam'))
})

test('the error for a presigned URL without the required headers lists them', async () => {
  const url = `${service.url}/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-east-1%2Facm-pca%2Faws4_request`
  const headers = { 'content-type': form }
  for (const options of [{}, { method: 'POST', headers, body: '' }]) {
    const answer = await fetch(url, options)
    assert.match(
      await answer.text(),
      /headers X-Amz-Target: ACMPrivateCA\.OPERATION and Content-Type/,
    )
  }
})
