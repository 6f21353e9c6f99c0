/** The enrollment listener. Only principals in the server's account can read the server's settings. */
import Alert from '@cloudscape-design/components/alert'
import type { ReactNode } from 'react'
import { apiEndpoint } from '../../app/router.ts'
import { useCall } from '../../app/use-call.ts'
import { enrollOrigin } from './endpoint-url.ts'

interface EnrollListener {
  /** Origin of the endpoint URLs; a placeholder if the listener is off or its settings cannot be read. */
  readonly origin: string
  readonly isOff: boolean
}

export function useEnrollListener(): EnrollListener {
  const { value } = useCall('server', (client, signal) =>
    client.call('DescribeServer', {}, { signal }),
  )
  const origin = value && enrollOrigin(value.Server.Settings, apiEndpoint.hostname)
  return {
    origin: origin ?? 'https://HOST:PORT',
    isOff: value !== undefined && origin === undefined,
  }
}

export function ListenerOff(): ReactNode {
  return (
    <Alert type="warning" header="Clients cannot reach endpoints">
      The server has no enrollment listener. Start the server with --enroll-listen HOST:PORT.
    </Alert>
  )
}
