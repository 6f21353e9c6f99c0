import type { Metrics } from '../src/telemetry/metrics.ts'

const nothing = (): void => {}

/** Counts nothing: nobody reads the metrics of a CA without a listener. */
export const silentMetrics: Metrics = {
  request: nothing,
  certificateIssued: nothing,
  certificateRevoked: nothing,
  crlGenerated: nothing,
  certificateWithoutSan: nothing,
  misconfiguredCrlBucket: nothing,
  ocspAnswer: nothing,
  jobRun: nothing,
  onRead: nothing,
  text: () => Promise.resolve(''),
  values: () => Promise.resolve([]),
  contentType: 'text/plain',
}
