import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TestService } from '../../test/support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ console: 'off' })
})
after(() => service.close())

const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

test('without the console, a browser that requests the path / of either listener receives a static page without scripts', async () => {
  for (const url of [service.url, service.publicUrl]) {
    const answer = await fetch(`${url}/`, { headers: { accept } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
    const text = await answer.text()
    assert.match(text, /<title>Signet: /)
    assert.doesNotMatch(text, /<script/)
  }
})

test('every client that requests the path / of the public listener receives the page, and not an error', async () => {
  for (const method of ['GET', 'HEAD'])
    assert.equal((await fetch(`${service.publicUrl}/`, { method })).status, 200)
  assert.notEqual((await fetch(`${service.publicUrl}/?x=1`)).status, 200)
})

test('other clients of the API, paths and methods do not receive the page', async () => {
  const json = await fetch(`${service.url}/`)
  assert.equal(json.status, 403)
  assert.match(await json.text(), /AccessDeniedException/)
  for (const path of ['/?Action=GetCallerIdentity&Version=2011-06-15', '/x', '/console/'])
    assert.notEqual((await fetch(`${service.url}${path}`, { headers: { accept } })).status, 200)
  const post = await fetch(`${service.url}/`, { method: 'POST', headers: { accept } })
  assert.notEqual(post.status, 200)
})
