/** Tests of the objects that the Helm chart creates for monitoring, backups and administration commands. */
import assert from 'node:assert/strict'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { outcome, tool } from './support/foreign-tools.ts'
import type { Members } from './support/service.ts'

const chart = join(resolve(import.meta.dirname, '..'), 'deploy', 'helm', 'signet')

/** Returns the rendered chart, or undefined if helm is not installed. */
async function render(t: TestContext, ...values: string[]): Promise<Members[] | undefined> {
  if ((await tool(t, 'helm', { probe: ['version'] })) === undefined) return undefined
  const settings = values.flatMap((value) => ['--set', value])
  const { ok, text } = await outcome('helm', ['template', 'signet', chart, ...settings])
  assert.ok(ok, text)
  return parseAllDocuments(text)
    .map((document): Members => document.toJS())
    .filter((object) => object !== null)
}

const ofKind = (objects: readonly Members[], kind: string): Members => {
  const object = objects.find((each) => each.kind === kind)
  assert.ok(object, kind)
  return object
}

test('the network policy gives Prometheus access only to the metrics, with the job name that the alerts use', async (t) => {
  const monitor = ['serviceMonitor.enabled=true', 'serviceMonitor.prometheusNamespace=metrics']
  const objects = await render(t, 'api.tlsSecret=tls', ...monitor)
  if (objects === undefined) return
  const rules = ofKind(objects, 'NetworkPolicy').spec.ingress as Members[]
  const admitting = rules.filter((rule) => JSON.stringify(rule).includes('"metrics"}}'))
  assert.deepEqual(
    admitting.map(({ ports }) => ports[0].port as string),
    ['metrics'],
  )
  const { selector, endpoints } = ofKind(objects, 'ServiceMonitor').spec
  const service = objects.find(
    ({ kind, metadata }) =>
      kind === 'Service' && metadata.labels['app.kubernetes.io/component'] === 'metrics',
  )
  for (const [label, value] of Object.entries(selector.matchLabels as object))
    assert.equal(service?.metadata.labels[label], value, label)
  assert.equal(endpoints[0].port, service?.spec.ports[0].name)
  assert.deepEqual(endpoints[0].relabelings, [{ targetLabel: 'job', replacement: 'signet' }])
  const [container] = ofKind(objects, 'StatefulSet').spec.template.spec.containers
  const { value } = (container.env as Members[]).find(
    ({ name }) => name === 'SIGNET_METRICS_LISTEN',
  )!
  const port = (container.ports as Members[]).find(({ name }) => name === 'metrics')
  assert.equal(value, `0.0.0.0:${port?.containerPort}`)
})

test('the enrollment listener has a service, a port and a rule of the network policy, and only if it is on', async (t) => {
  const off = await render(t, 'api.tlsSecret=tls')
  const on = await render(
    t,
    'api.insecureHttp=true',
    'enrollment.enabled=true',
    'enrollment.names={ca.example.com,10.0.0.1}',
  )
  if (off === undefined || on === undefined) return
  assert.doesNotMatch(JSON.stringify(off), /enroll|ENROLL/)
  const [container] = ofKind(on, 'StatefulSet').spec.template.spec.containers
  const valueOf = (variable: string): string =>
    (container.env as Members[]).find(({ name }) => name === variable)?.value
  const port = (container.ports as Members[]).find(({ name }) => name === 'enroll')
  assert.equal(valueOf('SIGNET_ENROLL_LISTEN'), `0.0.0.0:${port?.containerPort}`)
  assert.equal(valueOf('SIGNET_ENROLL_NAMES'), 'ca.example.com,10.0.0.1')
  const service = on.find(({ metadata }) => metadata.name === 'signet-enroll')
  assert.deepEqual(service?.spec.ports, [{ name: 'https', port: 443, targetPort: 'enroll' }])
  const rules = ofKind(on, 'NetworkPolicy').spec.ingress as Members[]
  const rule = rules.find(({ ports }) => ports[0].port === 'enroll')
  assert.deepEqual(rule?.from, [{ podSelector: {} }])
})

test('the settings are in the environment of the container, and the TLS key is not world-readable', async (t) => {
  const objects = await render(t, 'api.tlsSecret=tls', 'administratorSecret=admin')
  if (objects === undefined) return
  const { containers, volumes } = ofKind(objects, 'StatefulSet').spec.template.spec
  assert.deepEqual(containers[0].args, ['serve'])
  const names = (containers[0].env as Members[]).map(({ name }) => name as string)
  const expected = ['SIGNET_DATA', 'SIGNET_TLS_KEY', 'SIGNET_WORKERS', 'SIGNET_ROOT_ACCESS_KEY_ID']
  for (const name of expected) assert.ok(names.includes(name), name)
  const tls = (volumes as Members[]).find(({ name }) => name === 'tls')
  assert.equal(tls?.secret.defaultMode, 0o440)
})

test('the backup job has the data and the settings of the server, and runs on its node', async (t) => {
  const backup = ['enabled=true', 'recipientSecret=recipient', 'claim=backups']
  const values = backup.map((value) => `backup.${value}`)
  const objects = await render(t, 'api.insecureHttp=true', ...values)
  if (objects === undefined) return
  const pod = ofKind(objects, 'CronJob').spec.jobTemplate.spec.template.spec
  const [container] = pod.containers
  assert.match(container.command[2], /signet\.js backup .*--recipient \/etc\/signet\/backup\//)
  const volumes = new Set((pod.volumes as Members[]).map(({ name }) => name as string))
  for (const { name } of container.volumeMounts) assert.ok(volumes.has(name as string), name)
  assert.ok(pod.affinity.podAffinity)
  assert.equal(container.livenessProbe, undefined)
})
