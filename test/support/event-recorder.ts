/** A service whose log lines, including events, are recorded. */
import type { TestContext } from 'node:test'
import type { Flags } from '../../src/settings/config.ts'
import { crlBucket } from './revocation.ts'
import { TestService, type Members, type ServiceOptions } from './service.ts'

const parsed = (text: string): Members => JSON.parse(text)

export interface EventRecorder {
  readonly service: TestService
  /** Every log line. */
  readonly lines: string[]
  /** Returns the logged events. */
  readonly events: () => Members[]
  /** Returns the logged events about a resource, limited to one type if `type` is given. */
  readonly eventsAbout: (resource: string, type?: string) => Members[]
}

/** Starts a service with a recorded log and a CRL bucket. The service is closed after the test. */
export async function startRecorded(
  t: TestContext,
  flags: Flags = {},
  options: ServiceOptions = {},
): Promise<EventRecorder> {
  const lines: string[] = []
  const logTo = { write: (line: string): unknown => lines.push(line) }
  const service = await TestService.start(
    { logLevel: 'info', crlDelay: '0', auditReportInterval: '0', ...flags },
    { logTo, ...options },
  )
  t.after(() => service.close())
  await service.createBucket(crlBucket)
  const events = (): Members[] =>
    lines.flatMap((line) => {
      const { event, msg } = parsed(line)
      return event !== undefined && msg === 'event' ? [event] : []
    })
  const eventsAbout = (resource: string, type?: string): Members[] =>
    events().filter(
      (event) =>
        event.resources.includes(resource) && (type === undefined || event['detail-type'] === type),
    )
  return { service, lines, events, eventsAbout }
}

/** Types of events. */
export const eventTypes = {
  creation: 'ACM Private CA Creation',
  issuance: 'ACM Private CA Certificate Issuance',
  revocation: 'ACM Private CA Certificate Revocation',
  crl: 'ACM Private CA CRL Generation',
  report: 'ACM Private CA Audit Report Generation',
  expiry: 'Signet CA Certificate Expiry',
}
