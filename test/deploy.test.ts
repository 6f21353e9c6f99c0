/** Tests of deploy/: the chart renders, the unit is strict, and the alerts and the dashboard use existing metrics. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { parse, parseAllDocuments } from 'yaml'
import { variableOf } from '../src/settings/config.ts'
import { settings } from '../src/settings/settings-table.ts'
import { outcome, tool } from './support/foreign-tools.ts'
import { kubernetesProblems } from './support/guides/manifests.ts'
import { createRoot } from './support/hierarchy.ts'
import { metricRows } from '../src/telemetry/metric-table.ts'
import { alertCases, type AlertCase } from './support/alert-cases.ts'
import { TestService, type Members } from './support/service.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const deploy = join(root, 'deploy')
const read = (path: string): string => readFileSync(join(deploy, path), 'utf8')
const chart = join(deploy, 'helm', 'signet')

const flags: ReadonlySet<string> = new Set(Object.values(settings).map(({ flag }) => flag))
const variables: ReadonlySet<string> = new Set([...flags].map(variableOf))

const onSqlite = { api: { insecureHttp: true } }
const onPostgres = {
  publicUrl: 'http://pki.example.com',
  masterKey: { secretName: 'signet-master-key' },
  database: {
    url: 'postgres://signet@db/signet',
    passwordSecret: { name: 'db' },
    caSecret: 'db-ca',
  },
  api: { tlsSecret: 'signet-tls', clientCaSecret: 'clients' },
  enrollment: { enabled: true, names: ['ca.example.com'] },
  s3: { enabled: true, endpoint: 'https://s3.example.com', region: 'eu-central-1' },
  serviceMonitor: { enabled: true },
  backup: { enabled: true, recipientSecret: 'recipient', claim: 'backups' },
}

/** Renders the chart with a values file, or returns the error. */
async function template(t: TestContext, values: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-chart-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'values.json')
  await writeFile(file, JSON.stringify(values))
  const { ok, text } = await outcome('helm', ['template', 'pki', chart, '--values', file])
  return ok ? text : `refused: ${text}`
}

const objectsOf = (text: string): Members[] =>
  parseAllDocuments(text)
    .map((document): Members => document.toJS())
    .filter((object) => object !== null)

suite('the Helm chart', () => {
  test('passes helm lint', async (t) => {
    if ((await tool(t, 'helm', { probe: ['version'] })) === undefined) return
    const { ok, text } = await outcome('helm', ['lint', '--strict', chart])
    assert.ok(ok, text)
    assert.doesNotMatch(text, /\[(WARNING|ERROR)\]/)
  })

  for (const [name, values, kind] of [
    ['SQLite', onSqlite, 'StatefulSet'],
    ['PostgreSQL', onPostgres, 'Deployment'],
  ] as const)
    test(`on ${name} renders valid Kubernetes objects, including a ${kind}`, async (t) => {
      if ((await tool(t, 'helm', { probe: ['version'] })) === undefined) return
      const objects = objectsOf(await template(t, values))
      assert.equal(await kubernetesProblems(objects), '')
      const workload = objects.find((object) => object.kind === kind)
      assert.ok(workload)
      const pod = workload.spec.template.spec
      assert.equal(pod.securityContext.runAsNonRoot, true)
      assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault')
      for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
        const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } =
          container.securityContext
        assert.deepEqual(
          { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities },
          {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        )
      }
      const [{ args, env, volumeMounts }] = pod.containers
      for (const argument of args.slice(1))
        assert.ok(flags.has(/^--([\w-]+)/.exec(argument as string)?.[1] ?? ''), argument as string)
      for (const { name: variable } of env) assert.ok(variables.has(variable as string))
      const volumes = [...pod.volumes, ...(workload.spec.volumeClaimTemplates ?? [])].map(
        (volume: Members) => volume.name ?? volume.metadata.name,
      )
      for (const { name: mounted } of volumeMounts) assert.ok(volumes.includes(mounted))
      // Services, the disruption budget and the network policy must select the workload's pods.
      const { labels } = workload.spec.template.metadata
      for (const object of objects) {
        const selector =
          object.kind === 'Service'
            ? object.spec.selector
            : (object.spec?.podSelector ?? object.spec?.selector)?.matchLabels
        if (selector === undefined || object.kind === 'ServiceMonitor') continue
        for (const [key, value] of Object.entries(selector as object))
          assert.equal(labels[key], value, `${object.kind as string} ${key}`)
      }
    })

  test('is checked by a function that rejects unknown Kubernetes fields', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }
    assert.equal(await kubernetesProblems([service]), '')
    for (const wrong of [{ spec: { selectors: {} } }, { spec: { ports: [{ port: '80' }] } }])
      assert.match(await kubernetesProblems([{ ...service, ...wrong }]), /error TS2/)
    assert.match(await kubernetesProblems([{ ...service, kind: 'Servce' }]), /error TS2/)
    assert.match(await kubernetesProblems([{ kind: 'Service' }]), /^no apiVersion/)
  })

  test('refuses contradictory or incomplete values with the reason', async (t) => {
    if ((await tool(t, 'helm', { probe: ['version'] })) === undefined) return
    const { url, passwordSecret } = onPostgres.database
    for (const [values, reason] of [
      [{}, /set api\.tlsSecret, or api\.insecureHttp/],
      [{ api: { tlsSecret: 'a', insecureHttp: true } }, /cannot be combined/],
      [{ ...onSqlite, database: { url, passwordSecret } }, /requires masterKey\.secretName/],
      [{ ...onPostgres, s3: { enabled: false } }, /requires s3\.enabled/],
      [{ ...onPostgres, publicUrl: '' }, /requires publicUrl/],
      [{ ...onSqlite, databse: {} }, /databse/],
      [{ ...onSqlite, database: { url: 'mysql://a@b/c' } }, /database/],
      [{ ...onSqlite, replicas: 0 }, /replicas/],
      [{ ...onSqlite, replicas: 3 }, /replicas above 1 need PostgreSQL/],
      [{ ...onSqlite, backup: { enabled: true } }, /requires backup\.recipientSecret/],
      [
        { api: { insecureHttp: true }, enrollment: { enabled: true } },
        /requires enrollment\.names/,
      ],
      [{ ...onSqlite, enrollment: { names: ['a,b'] } }, /names/],
    ] as const) {
      const text = await template(t, values)
      assert.match(text, /^refused: /)
      assert.match(text, reason)
    }
  })

  test('copies secrets to files that only their owner can read', async (t) => {
    if ((await tool(t, 'helm', { probe: ['version'] })) === undefined) return
    const objects = objectsOf(await template(t, onPostgres))
    const workload = objects.find(({ kind }) => kind === 'Deployment')
    const program = workload.spec.template.spec.initContainers[0].command[2] as string
    const folder = await mkdtemp(join(tmpdir(), 'signet-secrets-'))
    t.after(() => rm(folder, { recursive: true }))
    const script = `mkdir -p secrets/a/..data run && printf key > secrets/a/master.key && chmod 0440 secrets/a/master.key`
    await run('sh', ['-c', script], { cwd: folder })
    const here = program.replaceAll('/secrets', `${folder}/secrets`)
    await run(process.execPath, ['-e', here.replaceAll('/run/signet', `${folder}/run`)])
    const { stdout } = await run('stat', ['-c', '%a %s', join(folder, 'run', 'master.key')])
    assert.equal(stdout, '600 3\n')
  })
})

suite('the systemd unit', () => {
  const unit = join(deploy, 'systemd', 'signet.service')

  test('a master key created with the command in the guide opens a new data folder', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'signet-key-'))
    t.after(() => rm(folder, { recursive: true }))
    const guide = readFileSync(join(root, 'docs/guides/production.md'), 'utf8')
    const command = guide.split('\n').find((line) => line.includes('signet-master-key-1')) ?? ''
    await run('sh', ['-c', command], { cwd: folder })
    const masterKeyFile = join(folder, 'master.key')
    const service = await TestService.start({ masterKeyFile })
    await createRoot(service)
    await service.restart()
    const listed = await service.must('ListCertificateAuthorities', {})
    assert.equal(listed.CertificateAuthorities.length, 1)
    assert.equal(existsSync(join(service.config.dataDirectory, 'master.key')), false)
    await service.close()
  })

  test('is accepted by systemd-analyze with a low exposure level', async (t) => {
    const analyze = await tool(t, 'systemd-analyze', { optional: true })
    if (analyze === undefined) return
    const verified = await outcome(analyze, ['verify', '--man=no', unit])
    // The output also contains messages about other units on this machine. On the test machine, the
    // checkout is not in /opt/signet.
    const own = verified.text
      .split('\n')
      .filter((line) => line.includes('signet.service') && !line.includes('is not executable'))
    assert.deepEqual(own, [])
    const { text } = await outcome(analyze, ['security', '--offline=true', '--threshold=15', unit])
    const exposure = Number(/exposure level for signet.service: ([\d.]+)/.exec(text)?.[1])
    assert.ok(exposure > 0 && exposure <= 1.5, text)
  })

  test('sets only variables that exist, and explains the one directive that cannot be used', () => {
    const text = read('systemd/signet.service')
    const named = text.match(/\bSIGNET_\w+(?==)/g) ?? []
    assert.ok(named.length >= 2)
    for (const name of named) assert.ok(variables.has(name), name)
    assert.match(text, /^# MemoryDenyWriteExecute cannot be used/m)
    assert.doesNotMatch(text, /^MemoryDenyWriteExecute/m)
  })
})

suite('the image', () => {
  const text = read('Dockerfile').replaceAll('\\\n', ' ')
  const instructions = text.split('\n').filter((line) => /^[A-Z]+ /.test(line))
  const all = (name: string): string[] =>
    instructions
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1))

  test('runs as an unprivileged user, and copies only files that exist', () => {
    assert.match(all('USER').at(-1) ?? '', /^[1-9]\d{4,}:[1-9]\d{4,}$/)
    for (const copy of all('COPY').filter((line) => !line.startsWith('--from'))) {
      const sources = copy.trim().split(/\s+/).slice(0, -1)
      for (const source of sources) assert.ok(existsSync(join(root, source)), source)
    }
    const named = text.match(/\bSIGNET_\w+(?==)/g) ?? []
    assert.equal(named.length, 3)
    for (const name of named) assert.ok(variables.has(name), name)
    const entry = JSON.parse(all('ENTRYPOINT')[0] ?? '') as string[]
    assert.ok(existsSync(join(root, (entry[1] ?? '').replace('/opt/signet/', ''))))
    const version = /^node:(\d+\.\d+\.\d+)-/.exec(all('FROM').at(-1) ?? '')?.[1]
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>
    }
    assert.equal(version, devDependencies['node'])
  })

  test('is built from files that .dockerignore admits', () => {
    const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').match(/^!.+$/gm) ?? []
    const needed: Members = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'))
    const folders = (needed.include as string[]).map((path) => path.split('/')[0])
    const lines: readonly string[] = allowed
    const others = ['build.ts', 'tools', 'bin', 'package.json', 'package-lock.json', 'LICENSE']
    for (const folder of [...folders, ...others]) assert.ok(lines.includes(`!${folder}`), folder)
  })

  test('is healthy only while the server responds', async (t) => {
    const command = /CMD (\[.+\])/.exec(all('HEALTHCHECK')[0] ?? '')?.[1]
    const [, ...args] = JSON.parse(command ?? '[]') as string[]
    const service = await TestService.start()
    const port = new URL(service.publicUrl).port
    const check = (): Promise<{ ok: boolean }> =>
      outcome(
        process.execPath,
        args.map((arg) => arg.replace(':8081', `:${port}`)),
      )
    assert.equal((await check()).ok, true)
    await service.close()
    assert.equal((await check()).ok, false)
    t.diagnostic('the image itself is not built, because that requires a Docker engine')
  })
})

suite('monitoring', () => {
  const rules: Members = parse(read('monitoring/alerts.yaml'))
  const alerts = (rules.groups as Members[]).flatMap((group) => group.rules as Members[])
  const dashboard: Members = JSON.parse(read('monitoring/dashboard.json'))
  const panels = (dashboard.panels as Members[]).filter(({ type }) => type !== 'row')
  const queries = panels.flatMap((panel) =>
    (panel.targets as Members[]).map((target) => target.expr as string),
  )
  const expressions = [...queries, ...alerts.map((alert) => alert.expr as string)]
  const documented = readFileSync(join(root, 'docs/reference/metrics.md'), 'utf8')

  test('every metric of the server is documented and on the dashboard', () => {
    for (const { name } of metricRows) {
      assert.ok(documented.includes(`\`signet_${name}`), `${name} is documented`)
      assert.ok(
        queries.some((query) => query.includes(`signet_${name}`)),
        `${name} is on the dashboard`,
      )
    }
  })

  test('alerts and dashboard use only metrics and labels that the server has', async () => {
    const service = await TestService.start()
    try {
      const text = await (await fetch(`${service.url}/metrics`)).text()
      const served = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name))
      const used = expressions.flatMap(
        (each) => each.match(/\b(?:signet|process|nodejs)_[a-z_0-9]+/g) ?? [],
      )
      for (const name of new Set(used)) assert.ok(served.has(name.replace(/_bucket$/, '')), name)
    } finally {
      await service.close()
    }
    const labels = new Set([
      ...metricRows.flatMap((row) => row.labels),
      'instance',
      'job',
      'exported_job',
      'le',
    ])
    const grouped = expressions.flatMap((each) => [
      ...each.matchAll(/\b(?:by|on|group_left) \(([^)]+)\)/g),
    ])
    for (const label of grouped.flatMap(([, list = '']) => list.split(',')))
      assert.ok(labels.has(label.trim()), label)
  })

  test('every alert is described in the monitoring guide', () => {
    const guide = readFileSync(join(root, 'docs/guides/monitoring.md'), 'utf8')
    const rows = guide.split('\n').filter((line) => line.startsWith('| Signet'))
    const listed = rows.flatMap((row) => row.split('|')[1]?.match(/Signet\w+/g) ?? [])
    assert.deepEqual(listed.toSorted(), alerts.map(({ alert }) => alert as string).toSorted())
  })

  test('the dashboard is a valid Grafana dashboard, and every panel has a description', () => {
    const all = dashboard.panels as Members[]
    const ids = all.map((panel) => panel.id as number)
    assert.equal(new Set(ids).size, ids.length)
    const positions = all.map(({ gridPos: { x, y } }) => `${x} ${y}`)
    assert.equal(new Set(positions).size, positions.length)
    for (const { title, description } of panels) assert.ok(description, title as string)
    const names = (dashboard.templating.list as Members[]).map(({ name }) => name as string)
    for (const [, name = ''] of JSON.stringify(all).matchAll(/\$\{?(\w+)/g))
      assert.ok(names.includes(name) || name.startsWith('__'), name)
  })

  test('the first row of the dashboard has single numbers with thresholds, each linked to its panel', () => {
    const first = panels.filter(({ gridPos: { y } }) => y === 0)
    assert.equal(first.length, 8)
    for (const { type, title, fieldConfig, links } of first) {
      assert.equal(type, 'stat', title)
      assert.ok(fieldConfig.defaults.thresholds.steps.length > 0, title)
      const [, panel] = /viewPanel=(\d+)/.exec(links[0].url as string) ?? []
      assert.equal(panels.find(({ id }) => String(id) === panel)?.title, links[0].title)
    }
  })

  test('alerts and dashboard pass promtool', async (t) => {
    const promtool = await tool(t, 'promtool')
    if (promtool === undefined) return
    const file = join(deploy, 'monitoring', 'alerts.yaml')
    const checked = await outcome(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', file])
    assert.ok(checked.ok, checked.text)
    const folder = await mkdtemp(join(tmpdir(), 'signet-alerts-'))
    t.after(() => rm(folder, { recursive: true }))
    const asRules = queries.map((query, index) => ({
      record: `panel:${index}`,
      expr: query.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
    }))
    const path = join(folder, 'dashboard.json')
    await writeFile(path, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }))
    const parsed = await outcome(promtool, ['check', 'rules', path])
    assert.ok(parsed.ok, parsed.text)
  })

  test('alerts fire for simulated failures, and their labels identify the CA', async (t) => {
    const promtool = await tool(t, 'promtool')
    if (promtool === undefined) return
    const folder = await mkdtemp(join(tmpdir(), 'signet-alerts-'))
    t.after(() => rm(folder, { recursive: true }))
    const tests = alertCases.map((each) => ({
      interval: '1m',
      input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
      alert_rule_test: alerts.map((rule) => expectedAlert(rule, each)),
    }))
    const path = join(folder, 'alerts.test.json')
    const file = join(deploy, 'monitoring', 'alerts.yaml')
    const content = { rule_files: [file], evaluation_interval: '1m', tests }
    await writeFile(path, JSON.stringify(content))
    const tested = await outcome(promtool, ['test', 'rules', path])
    assert.ok(tested.ok, tested.text)
    const fired = new Set(alertCases.flatMap(({ fires }) => Object.keys(fires)))
    // Alerts on histograms and alerts that fire after a day are not tested, because they need long series.
    const untested = ['SignetSlow', 'SignetBackupMissing']
    assert.deepEqual(
      alerts.map(({ alert }) => alert as string).filter((name) => !fired.has(name)),
      untested,
    )
  })
})

/**
 * Returns the expected alerts of a rule. Labels are inserted into the annotations, because promtool also compares annotations.
 */
function expectedAlert(rule: Members, { fires }: AlertCase): object {
  const labels = fires[rule.alert as string]
  const annotations = Object.entries(rule.annotations as Record<string, string>).map(
    ([name, text]) => [
      name,
      text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels?.[label] ?? ''),
    ],
  )
  const alert = {
    exp_labels: { severity: rule.labels.severity, ...labels },
    exp_annotations: Object.fromEntries(annotations),
  }
  return {
    alertname: rule.alert,
    eval_time: '90m',
    exp_alerts: labels === undefined ? [] : [alert],
  }
}
