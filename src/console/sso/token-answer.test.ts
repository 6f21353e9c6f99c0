import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTokenAnswer } from './token-answer.ts'

const read = (body: unknown, status = 200) =>
  readTokenAnswer({ status, text: typeof body === 'string' ? body : JSON.stringify(body) })

test('only the ID token and the refresh token are returned', () => {
  const tokens = { id_token: 'a.b.c', access_token: 'secret', token_type: 'Bearer' }
  assert.deepEqual(read(tokens), { idToken: 'a.b.c', refreshToken: undefined })
  assert.deepEqual(read({ ...tokens, refresh_token: 'r' }), { idToken: 'a.b.c', refreshToken: 'r' })
})

test('a refresh token that the browser could not send back is dropped', () => {
  for (const token of ['', 'x'.repeat(8193), 'a\nb', 1, null])
    assert.deepEqual(read({ id_token: 'a.b.c', refresh_token: token }), {
      idToken: 'a.b.c',
      refreshToken: undefined,
    })
})

test('a response without a usable ID token states the reason', () => {
  for (const body of ['', 'null', '[]', '{', {}])
    assert.deepEqual(read(body), {
      kind: 'misconfigured',
      problem: 'returned no ID token; check that the client may request the scope openid',
    })
  for (const token of ['a.b', 'a.b.c.d.e', `a.${'b'.repeat(20_000)}.c`, 1, 'a b.c.d'])
    assert.match(JSON.stringify(read({ id_token: token })), /not a signed JWT of at most 20000/)
})

test('an error of the provider has its code and description, without control characters', () => {
  assert.deepEqual(read({ error: 'invalid_grant', error_description: 'code is used' }, 400), {
    kind: 'refused',
    problem: 'refused the request: invalid_grant (code is used)',
  })
  const wrong = read(
    { error: 'invalid_client', error_description: `a\u0000\n${'b'.repeat(999)}` },
    401,
  )
  assert.ok('problem' in wrong)
  assert.equal(wrong.kind, 'misconfigured')
  assert.match(
    wrong.problem,
    /^refused the request: invalid_client \(a b{298}\); check --console-sso/,
  )
  assert.match(JSON.stringify(read('<html>', 400)), /refused the request: status 400"/)
  assert.match(
    JSON.stringify(read({ error: {} }, 401)),
    /status 401; check --console-sso-client-id/,
  )
})
