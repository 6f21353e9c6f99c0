/** Tests of single sign-on to the web console in Chromium, with a real OpenID provider. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import {
  hasChromium,
  startChromium,
  withConsole,
  type ConsoleBrowser,
  type ConsoleOptions,
} from '../support/browser.ts'
import { removeAccessKey } from '../../src/admin-commands/access-keys.ts'
import { removeRole } from '../../src/admin-commands/roles.ts'
import { accessibilityProblems } from '../support/accessibility.ts'
import { allow, createUser } from '../support/accounts.ts'
import { freePort } from '../support/free-port.ts'
import { clientId, OpenIdProvider } from '../support/openid-provider.ts'
import { TestService } from '../support/service.ts'
import { createRole, trustIssuer } from '../support/sts.ts'

const idTokenHours = 10
let browser: Browser
let provider: OpenIdProvider
let service: TestService
let federated: string

before(async (t) => {
  if (!hasChromium(t as never)) return
  const port = await freePort()
  browser = await startChromium()
  provider = await OpenIdProvider.start({
    consoleUrl: `http://127.0.0.1:${port}/console/`,
    hasRefreshTokens: true,
    idTokenSeconds: idTokenHours * 3600,
  })
  service = await TestService.start({
    listen: `127.0.0.1:${port}`,
    consoleSsoIssuer: provider.issuer,
    consoleSsoClientId: clientId,
  })
  federated = await trustIssuer(service, { issuer: provider.issuer, audiences: [clientId] })
  await createOperator()
  await createRole(service, { roleName: 'auditor', trust: [trusting('alice')] })
})
after(async () => {
  await browser?.close()
  await service?.close()
  await provider?.[Symbol.asyncDispose]()
})

async function createOperator(): Promise<void> {
  await createRole(service, {
    roleName: 'operator',
    trust: [trusting('alice', 'carol')],
    statements: [allow('*')],
  })
}

/** Returns a trust policy statement for the people with the given names. */
function trusting(...names: readonly string[]): Readonly<Record<string, unknown>> {
  const place = provider.issuer.replace('http://', '')
  return {
    Effect: 'Allow',
    Principal: { Federated: federated },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${place}:aud`]: clientId, [`${place}:sub`]: names } },
  }
}

async function withSso(
  work: (shown: ConsoleBrowser) => Promise<void>,
  options: Partial<ConsoleOptions> = {},
): Promise<void> {
  await withConsole(browser, { url: service.url, provider: provider.issuer, ...options }, work)
}

/** Starts the sign-in on the displayed page. */
async function start(page: Page): Promise<void> {
  await page.getByLabel('Region').fill('eu-west-1')
  await page.getByRole('button', { name: /^Continue to 127\.0\.0\.1:/ }).click()
}

/** Enters a name at the identity provider. */
async function logIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Log in' }).click()
}

async function signIn(page: Page, name: string): Promise<void> {
  await start(page)
  await logIn(page, name)
}

const principal = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name: new RegExp(`^Principal ${String(name)}`) })

test('a person with one role is signed in on the page that was opened, and no address contains the code', async () => {
  await withSso(async ({ page, url }) => {
    const addresses: string[] = []
    page.on('framenavigated', (frame) => addresses.push(frame.url()))
    await page.goto(`${url}/console/certificates?status=REVOKED`)
    await signIn(page, 'carol')
    await principal(page, 'assumed-role/operator/carol').waitFor()
    assert.match(page.url(), /\/console\/certificates\?status=REVOKED$/)
    assert.equal(await page.evaluate('sessionStorage.length'), 0)
    // The code arrives in a fragment, which browsers do not send to servers.
    const visited = addresses.filter((address) => address.startsWith(service.url))
    assert.ok(visited.every((address) => !new URL(address).search.includes('code=')))
    await page.goBack()
    assert.doesNotMatch(page.url(), /code=/)
  })
})

test('a person with several roles chooses one, and the last choice is selected the next time', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/authorities`)
    await signIn(page, 'alice')
    await page.getByRole('radio', { name: 'operator' }).check()
    await page.getByRole('button', { name: 'Continue' }).click()
    await principal(page, 'assumed-role/operator/alice').waitFor()
    assert.match(page.url(), /\/console\/authorities$/)
    // The session exists only in memory, so a reload ends the session. The person is still signed in at the identity provider.
    await page.reload()
    await start(page)
    assert.equal(await page.getByRole('radio', { name: 'operator' }).isChecked(), true)
    await page.getByRole('radio', { name: 'auditor' }).check()
    await page.getByRole('button', { name: 'Continue' }).click()
    await principal(page, 'assumed-role/auditor/alice').waitFor()
  })
})

test('a person without a role sees the values that a trust policy needs', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/`)
    await signIn(page, 'bob')
    await page.getByText('No role accepts you').waitFor()
    await page.getByText(`Federated principal: ${federated}`).waitFor()
    await page.getByText(/:sub: bob$/).waitFor()
    await page.getByText(`:aud: ${clientId}`).waitFor()
  })
})

test('a sign-in that was cancelled at the provider can be repeated', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/`)
    await start(page)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText(/access_denied \(The person cancelled the sign-in\)/).waitFor()
    await signIn(page, 'carol')
    await principal(page, 'assumed-role/operator/carol').waitFor()
  })
})

test('a provider that is down after the person returned is reported with a request ID', async () => {
  await withSso(async ({ page, url }) => {
    await page.route('**/console/sso/token', async (route) => {
      provider.outage = 503
      await route.continue()
    })
    await page.goto(`${url}/console/`)
    await signIn(page, 'carol')
    await page.getByText(/did not return a valid response/).waitFor()
    await page.getByText(/Request ID [0-9a-f-]{36}/).waitFor()
    provider.outage = undefined
  })
})

test('a response with a foreign state is refused, and its text is not displayed', async () => {
  await withSso(async ({ page, url }) => {
    for (const response of ['#code=x&state=y', '?error=x&error_description=Call+0900&state=y']) {
      await page.goto(`${url}/console/sso/callback${response}`)
      await page.getByText(/does not belong to a sign-in from this tab/).waitFor()
      assert.equal(page.url(), `${url}/console/`)
      assert.equal(await page.getByText('0900').count(), 0)
    }
  })
})

test('a response is used only once', async () => {
  await withSso(async ({ page, url }) => {
    const callbacks: string[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (request.isNavigationRequest() && pathname.endsWith('/callback'))
        callbacks.push(request.url())
    })
    await page.goto(`${url}/console/`)
    await signIn(page, 'carol')
    await principal(page, 'assumed-role/operator/carol').waitFor()
    assert.equal(callbacks.length, 1)
    await page.goto(callbacks[0] ?? '')
    await page.getByText(/or was already used/).waitFor()
  })
})

test('an ID token with another nonce and a response of another issuer are refused', async () => {
  await withSso(async ({ page, url }) => {
    const authorization = `${provider.issuer}/auth?*`
    await page.route(
      authorization,
      async (route) => {
        const changed = new URL(route.request().url())
        changed.searchParams.set('nonce', 'another')
        await route.fulfill({ status: 302, headers: { location: changed.href } })
      },
      { times: 1 },
    )
    await page.goto(`${url}/console/`)
    await signIn(page, 'carol')
    await page.getByText(/the nonce is wrong/).waitFor()
    await page.route(
      authorization,
      async (route) => {
        const { searchParams } = new URL(route.request().url())
        const response = new URLSearchParams({
          code: 'of-another-provider',
          state: searchParams.get('state') ?? '',
          iss: 'https://evil.example.com',
        })
        const location = `${searchParams.get('redirect_uri')}#${response.toString()}`
        await route.fulfill({ status: 302, headers: { location } })
      },
      { times: 1 },
    )
    const before_ = provider.requests.length
    await start(page)
    await page.getByText(/comes from an identity provider other than/).waitFor()
    assert.ok(!provider.requests.slice(before_).includes('POST /token'))
  })
})

test('an ID token that has expired for the server is refused with both times', async () => {
  service.clock.advance({ seconds: (idTokenHours + 1) * 3600 })
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/`)
    await signIn(page, 'carol')
    await page.getByText(/Token expired: current date\/time \d+ must be before/).waitFor()
  })
  service.clock.catchUp()
})

test('credentials are renewed without interaction before they expire', async () => {
  await withSso(async ({ page, url }) => {
    await page.clock.install()
    await page.goto(`${url}/console/`)
    await signIn(page, 'carol')
    await principal(page, 'assumed-role/operator/carol').waitFor()
    const renewals = () => provider.requests.filter((request) => request === 'POST /token').length
    const before_ = renewals()
    await page.clock.fastForward('56:00')
    for (const name of ['Approvals', 'Certificates']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name, level: 1 }).waitFor()
    }
    assert.equal(renewals(), before_ + 1)
    assert.equal(await page.getByText('Your session has ended').count(), 0)
  })
})

test('a session that cannot be renewed is continued by a sign-in in another tab, and the page keeps its input', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/certificates`)
    await signIn(page, 'carol')
    await page.getByLabel('Alternative name').fill('web.example.com')
    // Recreating a role ends its sessions.
    await removeRole(service.config, { accountId: undefined, roleName: 'operator' })
    await createOperator()
    service.clock.advance({ seconds: 2 })
    provider.outage = 503
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByText('Your session has ended').waitFor()
    provider.outage = undefined
    service.clock.advance({ seconds: 6 })
    const opened = page.context().waitForEvent('page')
    await page.getByRole('button', { name: 'Sign in again' }).click()
    const other = await opened
    await page.getByText('Your session has ended').waitFor({ state: 'hidden' })
    await page.getByText('No certificate matches the filters').waitFor()
    assert.equal(await page.getByLabel('Alternative name').inputValue(), 'web.example.com')
    if (!other.isClosed())
      await Promise.race([
        other.getByText('You are signed in again').waitFor(),
        other.waitForEvent('close'),
      ])
  })
})

test('axe finds nothing serious in the states of the sign-in, in either theme and at both widths', async () => {
  const found: string[] = []
  const folder = process.env['SIGNET_PICTURES']
  for (const width of [375, 1440])
    await withSso(
      async ({ page, url }) => {
        const check = async (name: string): Promise<void> => {
          const problems = await accessibilityProblems(page)
          found.push(...problems.map((problem) => `${name} at ${width}: ${problem}`))
          if (folder === undefined) return
          for (const colorScheme of ['dark', 'light'] as const) {
            await page.emulateMedia({ colorScheme })
            const path = join(folder, `${name}-${colorScheme}-${width}.png`)
            await page.screenshot({ path })
          }
        }
        await page.goto(`${url}/console/approvals`)
        await page.getByRole('button', { name: /^Continue to/ }).waitFor()
        await check('sign-in')
        await signIn(page, 'alice')
        await page.getByRole('radio', { name: 'operator' }).waitFor()
        await check('role-choice')
        await page.getByRole('radio', { name: 'operator' }).check()
        await page.getByRole('button', { name: 'Continue' }).click()
        await principal(page, '').click()
        await page.getByRole('menuitem', { name: 'Switch role' }).click()
        await page.getByRole('dialog').getByRole('textbox', { name: 'Role' }).fill('none')
        await page.getByRole('dialog').getByRole('button', { name: 'Switch role' }).click()
        await page.getByText('Switch role: denied').waitFor()
        await check('switch-role')
        await page.getByRole('button', { name: 'Cancel' }).click()
        await page.route(`${url}/`, (route) =>
          route.fulfill({
            status: 400,
            headers: { 'x-amzn-errortype': 'ExpiredTokenException' },
            body: '{"message":"The session has expired."}',
          }),
        )
        await page
          .getByRole('button', { name: /^Reload/ })
          .first()
          .click()
        await page.getByText('Your session has ended').waitFor()
        await check('session-ended')
        await page.goto(`${url}/console/sso/callback?state=foreign`)
        await page.getByText(/does not belong to a sign-in/).waitFor()
        await check('refused')
        await page.unroute(`${url}/`)
        await page.context().clearCookies()
        await signIn(page, 'bob')
        await page.getByText('No role accepts you').waitFor()
        await check('no-role')
      },
      { width },
    )
  // Cloudscape's navigation on phones causes the same accessibility finding on every page.
  const own = found.filter((problem) => !problem.includes('mobile-toolbar-nav'))
  assert.deepEqual(own, [])
})

test('sign-out ends the session at the provider and in all tabs', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/`)
    await page.getByLabel('Stay signed in').check()
    await signIn(page, 'carol')
    await principal(page, 'assumed-role/operator/carol').waitFor()
    await page.reload()
    await principal(page, 'assumed-role/operator/carol').waitFor()
    const second = await page.context().newPage()
    await second.goto(`${url}/console/approvals`)
    await start(second)
    await principal(second, 'assumed-role/operator/carol').waitFor()
    await principal(page, '').click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await second.getByText('You signed out in another tab.').waitFor()
    await page.getByRole('button', { name: 'Sign out of the provider' }).waitFor()
    assert.doesNotMatch(page.url(), /id_token|refresh/)
    await page.getByRole('button', { name: 'Sign out of the provider' }).click()
    await page.getByRole('button', { name: /^Continue to/ }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/console/')
    assert.equal(await page.evaluate('sessionStorage.length'), 0)
    await start(page)
    await page.getByLabel('Name').waitFor()
  })
})

test('two tabs can sign in at the same time as different people', async () => {
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/`)
    await start(page)
    const second = await page.context().newPage()
    await second.goto(`${url}/console/`)
    await start(second)
    await logIn(second, 'carol')
    await principal(second, 'assumed-role/operator/carol').waitFor()
    await page.getByLabel('Name').fill('bob')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('No role accepts you').waitFor()
    await principal(second, 'assumed-role/operator/carol').waitFor()
  })
})

test('a user switches to a role, and back', async () => {
  const user = await createUser(service, {
    userName: 'dora',
    statements: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
  })
  await createRole(service, {
    roleName: 'switched',
    trust: [{ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 'sts:AssumeRole' }],
    statements: [allow('*')],
  })
  await withSso(async ({ page, url }) => {
    await page.goto(`${url}/console/authorities`)
    await page.getByText('Access key', { exact: true }).click()
    await page.getByLabel('Access key ID').fill(user.credentials.accessKeyId)
    await page.getByLabel('Secret access key').fill(user.credentials.secretAccessKey)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/List CAs: denied/).waitFor()
    await principal(page, 'user/dora').click()
    await page.getByRole('menuitem', { name: 'Switch role' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Role' }).fill('auditor')
    await dialog.getByRole('button', { name: 'Switch role' }).click()
    await dialog.getByText(/is not authorized to perform: sts:AssumeRole/).waitFor()
    await dialog.getByRole('textbox', { name: 'Role' }).fill('switched')
    await dialog.getByRole('button', { name: 'Switch role' }).click()
    await principal(page, 'assumed-role/switched/dora').waitFor()
    await page.getByText(/^No CAs in/).waitFor()
    await principal(page, '').click()
    await page.getByRole('menuitem', { name: 'Back to user/dora' }).click()
    await page.getByText(/List CAs: denied/).waitFor()
    await page.getByRole('link', { name: 'Approvals', exact: true }).click()
    // If a key becomes invalid, the console stays on the same page.
    await removeAccessKey(service.config, user.credentials.accessKeyId)
    service.clock.advance({ seconds: 2 })
    await page.getByRole('button', { name: 'Reload the list' }).click()
    await page.getByText('Your session has ended').waitFor()
    await page.getByRole('heading', { name: 'Approvals', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: /^Continue to/ }).waitFor()
  })
})

test('a confidential client and a provider without fragments and refresh tokens work', async () => {
  const clientSecret = 'the secret of the test: 100 %'
  const { port } = new URL(service.url)
  await using other = await OpenIdProvider.start({
    consoleUrl: `http://127.0.0.1:${port}/console/`,
    clientSecret,
    responseModes: ['query'],
  })
  const file = join(service.config.dataDirectory, 'client-secret')
  await writeFile(file, `${clientSecret}\n`, { mode: 0o600 })
  const otherProvider = await trustIssuer(service, {
    issuer: other.issuer,
    audiences: [clientId],
  })
  await createRole(service, {
    roleName: 'everyone',
    trust: [
      {
        Effect: 'Allow',
        Principal: { Federated: otherProvider },
        Action: 'sts:AssumeRoleWithWebIdentity',
      },
    ],
    statements: [allow('*')],
  })
  await service.restartWith({
    consoleSsoIssuer: other.issuer,
    consoleSsoClientSecretFile: file,
  })
  await withSso(
    async ({ page, url }) => {
      const addresses: string[] = []
      page.on('framenavigated', (frame) => addresses.push(frame.url()))
      await page.clock.install()
      await page.goto(`${url}/console/`)
      await signIn(page, 'erin')
      await principal(page, 'assumed-role/everyone/erin').waitFor()
      assert.equal(page.url(), `${url}/console/`)
      assert.ok(addresses.some((address) => address.includes('/callback?')))
      // Without a refresh token, the ID token is used again until it expires.
      const renewals: string[] = []
      page.on('request', (request) => {
        const body = request.postData() ?? ''
        if (body.includes('AssumeRoleWithWebIdentity')) renewals.push(body)
      })
      await page.clock.fastForward('56:00')
      await page.getByRole('link', { name: 'Approvals', exact: true }).click()
      await page.getByText('List approvals: denied').waitFor()
      assert.equal(renewals.length, 1)
      assert.equal(other.requests.filter((request) => request === 'POST /token').length, 1)
    },
    { provider: other.issuer },
  )
})
