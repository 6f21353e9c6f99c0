/** Tests of the activity and system pages in Chromium: filters, verification in the browser, alterations, and denied calls. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { createAccount, createUser } from '../support/accounts.ts'
import { accessibilityProblems } from '../support/accessibility.ts'
import { hasChromium, startChromium, withConsole, type ConsoleBrowser } from '../support/browser.ts'
import { createConsoleData } from '../support/console-data.ts'
import { TestService, type Members } from '../support/service.ts'

const region = 'eu-west-1'
let service: TestService
let browser: Browser

before(async (t) => {
  if (!hasChromium(t as never)) return
  service = await TestService.start({
    eventWebhook: 'http://127.0.0.1:9/hunter2',
    logLevel: 'silent',
  })
  browser = await startChromium()
  await createConsoleData(service)
  await service.runJob('seal-record')
})
after(async () => {
  await browser?.close()
  await service?.close()
})

/** Opens a page with the administrator's credentials. */
async function shows(path: string, work: (shown: ConsoleBrowser) => Promise<void>): Promise<void> {
  await withConsole(browser, { url: service.url }, async (shown) => {
    await shown.goto(path)
    await shown.signIn(service.credentials, region)
    await work(shown)
  })
}

async function newest(filter: object): Promise<Members> {
  const { Entries } = await service.must('ListRecordEntries', { ...filter, MaxResults: 1 })
  return Entries[0]
}

test('the activity page finds an entry by its filters, which are in the address', async () => {
  await shows('activity', async ({ page }) => {
    await page.getByRole('columnheader', { name: 'Who' }).waitFor()
    await page.getByRole('button', { name: /^Kind/ }).click()
    await page.getByRole('option', { name: 'Certificate revoked' }).click()
    const row = page.getByRole('rowheader', { name: 'Certificate revoked' })
    await row.waitFor()
    assert.equal(await page.getByRole('rowheader').count(), 1)
    assert.match(page.url(), /kind=revocation/)
    await row.getByRole('link').click()
    await page.getByRole('heading', { name: 'Certificate revoked', level: 1 }).waitFor()
    await page.getByText('1 entry verified').waitFor()
    await page.getByText(/This browser has verified the record for the first time/).waitFor()
    await page.getByText(/^arn:aws:iam::\d+:user\/administrator$/).waitFor()
    await page.getByRole('button', { name: 'Verify again' }).click()
    await page.getByText(/The record still begins with the \d+ entries/).waitFor()
  })
})

test('the browser verifies all entries of a page against the signed checkpoint', async () => {
  await shows('activity', async ({ page }) => {
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText(/^\d+ entries verified$/).waitFor()
  })
})

test('a search without results says what to do', async () => {
  await shows('activity?principal=nobody', async ({ page }) => {
    await page.getByText('No entry matches the filters').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).last().click()
    await page.getByRole('rowheader').first().waitFor()
  })
})

test('the console says that verification fails after a row of the record was changed in the database', async () => {
  const entry = await newest({ Kind: 'certificate' })
  const index = entry.Index as number
  const { LeafData } = await service.must('GetRecordEntry', { Index: index })
  const bytes = Buffer.from(LeafData as string, 'base64')
  bytes.write('somebodyother', bytes.indexOf('administrator'))
  const set = async (bytes_: Buffer): Promise<void> => {
    const hex = bytes_.toString('hex')
    const value = service.config.database === undefined ? `x'${hex}'` : `'\\x${hex}'::bytea`
    await service.inDatabase(
      `update record_leaves set entry = ${value} where leaf_number = ${index}`,
    )
  }
  await set(bytes)
  await shows(`activity/${index}`, async (shown) => {
    const { page } = shown
    await page.getByText('Verification failed: the record was altered').waitFor()
    await page.getByText(`Entry ${index} is not the entry that the checkpoint covers.`).waitFor()
    await page.getByText('user/somebodyother').waitFor()
    await shown.goto('activity?kind=certificate')
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText('Verification failed: the record was altered').waitFor()
    await set(Buffer.from(LeafData as string, 'base64'))
    await page.getByRole('button', { name: 'Reload the list' }).click()
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText(/^\d+ entries verified$/).waitFor()
  })
})

test('the browser is a witness: it reports a record that no longer continues the one it saw', async () => {
  await shows('activity', async ({ page }) => {
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText(/^\d+ entries verified$/).waitFor()
    // A checkpoint with a different root, as if the server had shown this browser a different record.
    await page.evaluate(`(() => {
      const [key] = Object.keys(localStorage).filter((name) => name.startsWith('signet.record'))
      const seen = JSON.parse(localStorage.getItem(key))
      localStorage.setItem(key, JSON.stringify({ ...seen, size: seen.size - 1 }))
    })()`)
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText(/The record no longer begins with the \d+ entries/).waitFor()
    await page.getByRole('button', { name: 'Forget the earlier checkpoint' }).click()
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText(/This browser has verified the record for the first time/).waitFor()
  })
})

test('a browser without Ed25519 says so', async () => {
  await withConsole(browser, { url: service.url }, async ({ page }) => {
    await page.addInitScript(`
      const { importKey } = SubtleCrypto.prototype
      SubtleCrypto.prototype.importKey = function (format, data, algorithm, ...others) {
        return algorithm === 'Ed25519'
          ? Promise.reject(new DOMException('no', 'NotSupportedError'))
          : importKey.call(this, format, data, algorithm, ...others)
      }`)
    await page.goto(`${service.url}/console/activity`)
    await page.getByLabel('Access key ID').fill(service.credentials.accessKeyId)
    await page.getByLabel('Secret access key').fill(service.credentials.secretAccessKey)
    await page.getByLabel('Region').fill(region)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Verify these entries' }).click()
    await page.getByText('This browser cannot verify the record').waitFor()
  })
})

test('the system page shows the server, its settings without secrets, its jobs and its backups', async () => {
  await shows('system', async ({ page }) => {
    await page.getByText('Healthy').waitFor()
    await page.getByText(process.versions.node, { exact: true }).waitFor()
    await page.getByRole('tab', { name: 'Configuration' }).click()
    await page.getByRole('searchbox', { name: 'Find a setting' }).fill('webhook')
    await page.getByText('http://127.0.0.1:9/(hidden)').waitFor()
    assert.doesNotMatch(await page.content(), /hunter2/)
    await page.getByRole('tab', { name: 'Jobs' }).click()
    await page.getByRole('rowheader', { name: 'seal-record' }).waitFor()
    await page.getByRole('tab', { name: 'Backups' }).click()
    await page.getByText('No backup was made yet').waitFor()
    assert.match(page.url(), /tab=backups/)
  })
})

test('axe finds nothing serious on the pages of the record and the server, on phones and desktops', async () => {
  const { Index } = await newest({ Kind: 'change' })
  const found: Record<string, string[]> = {}
  for (const width of [375, 1440])
    await withConsole(browser, { url: service.url, width }, async (shown) => {
      await shown.goto('activity')
      await shown.signIn(service.credentials, region)
      await shown.page.getByRole('button', { name: 'Verify these entries' }).click()
      await shown.page.getByText(/^\d+ entries verified$/).waitFor()
      found[`verified ${width}`] = await accessibilityProblems(shown.page)
      const paths = [`activity/${Index}`, 'system', 'system?tab=configuration', 'system?tab=jobs']
      for (const path of paths) {
        await shown.goto(path)
        await shown.settle()
        found[`${path} ${width}`] = await accessibilityProblems(shown.page)
      }
    })
  assert.deepEqual(
    Object.entries(found).filter(([, problems]) => problems.length > 0),
    [],
  )
})

test('another account sees its own activity, and the system page says why it is denied', async () => {
  const accountId = await createAccount(service)
  const tenant = await createUser(service, {
    accountId,
    userName: 'tenant',
    statements: [{ Effect: 'Allow', Action: ['signet:*', 'acm-pca:*'], Resource: '*' }],
  })
  await withConsole(browser, { url: service.url }, async (shown) => {
    const { page } = shown
    await shown.goto('system')
    await shown.signIn(tenant.credentials, region)
    await page.getByText("Read the server's state: denied").waitFor()
    await page.getByText(new RegExp(`account ${accountId} does not operate this server`)).waitFor()
    await shown.goto('system?tab=jobs')
    await page.getByText('List jobs: denied').waitFor()
    await shown.goto('activity')
    await page.getByRole('rowheader', { name: 'User changed' }).waitFor()
    assert.equal(await page.getByRole('rowheader', { name: 'Certificate issued' }).count(), 0)
  })
})
