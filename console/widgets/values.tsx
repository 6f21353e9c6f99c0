/** Small components that display values, such as times, states, and text to copy. */
import Box from '@cloudscape-design/components/box'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import Link from '@cloudscape-design/components/link'
import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { AuthorityStatus, CertificateStatus } from '../api/types.ts'
import { followLink } from '../app/router.ts'
import { enumText, localTime, relativeTime, utcTime, visibleText } from './format.ts'

/** A time in the browser's time zone, with the UTC time shown on hover. */
export function Time({
  seconds,
  relative = false,
}: {
  readonly seconds: number | undefined
  readonly relative?: boolean
}): ReactNode {
  if (seconds === undefined) return '–'
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={utcTime(seconds)}>
      {localTime(seconds)}
      {relative && ` (${relativeTime(seconds, Date.now())})`}
    </time>
  )
}

const authorityStates: Readonly<Record<AuthorityStatus, StatusIndicatorProps.Type>> = {
  CREATING: 'in-progress',
  PENDING_CERTIFICATE: 'pending',
  ACTIVE: 'success',
  DELETED: 'stopped',
  DISABLED: 'stopped',
  EXPIRED: 'error',
  FAILED: 'error',
}

export function AuthorityState({ status }: { readonly status: AuthorityStatus }): ReactNode {
  return <StatusIndicator type={authorityStates[status]}>{enumText(status)}</StatusIndicator>
}

const certificateStates: Readonly<Record<CertificateStatus, StatusIndicatorProps.Type>> = {
  VALID: 'success',
  EXPIRED: 'stopped',
  REVOKED: 'error',
}

export function CertificateState({ status }: { readonly status: CertificateStatus }): ReactNode {
  return <StatusIndicator type={certificateStates[status]}>{enumText(status)}</StatusIndicator>
}

/** Displays untrusted text. Invisible characters are escaped, and the text's direction does not affect the surrounding text. */
export function ForeignText({ text }: { readonly text: string }): ReactNode {
  return (
    <bdi className="foreign-text" dir="ltr">
      {visibleText(text)}
    </bdi>
  )
}

export function Copyable({
  text,
  label,
}: {
  readonly text: string
  readonly label: string
}): ReactNode {
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      textToDisplay={visibleText(text)}
      copyButtonAriaLabel={`Copy ${label}`}
      copySuccessText="Copied"
      copyErrorText="The browser refused to copy"
    />
  )
}

/** A command for users to run on the server. */
export function Command({ text }: { readonly text: string }): ReactNode {
  return (
    <Box variant="code">
      <Copyable text={text} label="command" />
    </Box>
  )
}

/** A link to another page of the console. */
export function PageLink({
  href,
  children,
}: {
  readonly href: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <Link href={href} onFollow={followLink}>
      {children}
    </Link>
  )
}

/** Content shown by a table without rows. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string
  readonly children: ReactNode
  readonly action?: ReactNode
}): ReactNode {
  return (
    <Box textAlign="center" margin={{ vertical: 'm' }}>
      <Box variant="strong">{title}</Box>
      <Box variant="p" color="text-body-secondary" padding={{ bottom: 's' }}>
        {children}
      </Box>
      {action}
    </Box>
  )
}
