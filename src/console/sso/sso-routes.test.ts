import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { entryOf, everyRequest } from '../../../test/support/routes.ts'
import type { ApiServices } from '../../http/protocol.ts'
import { createLog } from '../../telemetry/log.ts'
import type { Provider } from './provider.ts'
import { ssoRoutes } from './sso-routes.ts'
import type { Tokens } from './token-answer.ts'

const metadata = {
  authorizationEndpoint: 'https://login.example.com/auth',
  tokenEndpoint: 'https://login.example.com/token',
  endSessionEndpoint: undefined,
  responseMode: 'query',
  hasIssuerParameter: false,
  secretIn: 'header',
} as const

const provider: Provider = {
  issuer: 'https://login.example.com',
  clientId: 'console',
  clientSecretFile: undefined,
  scopes: ['openid'],
  metadata: () => Promise.resolve(metadata),
  exchange: () => Promise.resolve({ idToken: 'a.b.c', refreshToken: undefined }),
}

const api = {
  failureLimiter: {
    isAllowed: () => true,
    recordFailure: () => true,
    recordSuccess: () => undefined,
  },
  callLog: undefined,
  log: createLog('silent'),
  services: { metrics: { authenticationFailure: () => undefined } },
} as unknown as ApiServices

/** Serves a provider's routes while `work` runs. */
async function serving(
  used: Partial<Provider>,
  work: (send: (name: string, body?: object) => Promise<Response>) => Promise<void>,
): Promise<void> {
  const routes = ssoRoutes({ api, provider: { ...provider, ...used }, basePath: '/pki' })
  const all = [...routes, everyRequest(() => ({ status: 418, headers: {}, body: 'other' }))]
  const server = createServer(entryOf(all, { basePath: '/pki' })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await work((name, body) =>
      fetch(`http://127.0.0.1:${port}/pki/console/sso/${name}`, {
        ...(body !== undefined && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      }),
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const refresh = { issuer: provider.issuer, refreshToken: 'r' }

test('at most sixteen requests of a process wait for the provider', async () => {
  const waiting: ((tokens: Tokens) => void)[] = []
  const exchange = (): Promise<Tokens> => new Promise((resolve) => waiting.push(resolve))
  await serving({ exchange }, async (send) => {
    const all = Array.from({ length: 17 }, () => send('token', refresh))
    const refused = await Promise.race(all)
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /Too many people are signing in/)
    assert.equal(waiting.length, 16)
    for (const finish of waiting) finish({ idToken: 'a.b.c', refreshToken: undefined })
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [...Array<number>(16).fill(200), 503],
    )
  })
})

test('the redirect URI contains the path prefix of the proxy', async () => {
  await serving({}, async (send) => {
    const code = { issuer: provider.issuer, code: 'c', codeVerifier: 'v'.repeat(43) }
    const withPath = (path: string) =>
      send('token', { ...code, redirectUri: `https://ca.example.com${path}` })
    assert.equal((await withPath('/pki/console/sso/callback')).status, 200)
    assert.equal((await withPath('/console/sso/callback')).status, 400)
  })
})

test('the reason why a provider cannot be used is not sent to the browser', async () => {
  const failed = (): Promise<never> =>
    Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:443'))
  for (const used of [{ metadata: failed }, { exchange: failed }])
    await serving(used, async (send) => {
      const response = await send('token', refresh)
      assert.equal(response.status, 400)
      const text = await response.text()
      assert.match(text, /IDPCommunicationError.*did not return a valid response/)
      assert.doesNotMatch(text, /ECONNREFUSED|10\.1/)
      assert.equal(response.headers.get('x-amzn-requestid'), 'the-id')
    })
})

test('only the listed methods reach the routes', async () => {
  await serving({}, async (send) => {
    assert.equal((await send('provider')).status, 200)
    assert.equal((await send('token')).status, 418)
    assert.equal((await send('provider', {})).status, 418)
  })
})
