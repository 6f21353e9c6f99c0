/** The fields and extensions of a certificate. */
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Table from '@cloudscape-design/components/table'
import { useEffect, useState, type ReactNode } from 'react'
import type { ExtensionDescription } from '../../src/inspect/describe-extensions.ts'
import type { CertificateDescription } from '../x509/describe.ts'
import { visibleText } from './format.ts'
import { extensionPurpose } from './extension-purposes.ts'
import { Copyable, ForeignText, Time } from './values.tsx'

export function CertificateDetails({
  certificate,
}: {
  readonly certificate: CertificateDescription
}): ReactNode {
  const fingerprint = useFingerprint(certificate.der)
  const { subject, issuer, names } = certificate
  return (
    <SpaceBetween size="l">
      <KeyValuePairs
        columns={2}
        items={[
          { label: 'Subject', value: <ForeignText text={subject || '(empty)'} /> },
          {
            label: 'Issuer',
            value: <ForeignText text={issuer === subject ? `${issuer} (itself)` : issuer} />,
          },
          { label: 'Valid from', value: <Time seconds={certificate.notBefore} relative /> },
          { label: 'Valid until', value: <Time seconds={certificate.notAfter} relative /> },
          {
            label: 'Serial number',
            value: <Copyable text={certificate.serialNumber} label="serial number" />,
          },
          {
            label: 'SHA-256 fingerprint',
            value: <Copyable text={fingerprint} label="fingerprint" />,
          },
          { label: 'Key', value: certificate.key },
          { label: 'Signature algorithm', value: certificate.signatureAlgorithm },
        ]}
      />
      {names.length > 0 && <NameList names={names} />}
      <ExtensionTable extensions={certificate.extensions} />
    </SpaceBetween>
  )
}

const namesShown = 20

/** Subject alternative names, which can number in the thousands. */
export function NameList({ names }: { readonly names: readonly string[] }): ReactNode {
  const rest = names.slice(namesShown)
  const list = (some: readonly string[]): ReactNode => (
    <ul className="names">
      {some.map((name, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a certificate's names may be equal, and never move
        <li key={index}>
          <ForeignText text={name} />
        </li>
      ))}
    </ul>
  )
  return (
    <div>
      <Box variant="awsui-key-label">Subject alternative names ({names.length})</Box>
      {list(names.slice(0, namesShown))}
      {rest.length > 0 && (
        <ExpandableSection headerText={`${rest.length} more names`}>{list(rest)}</ExpandableSection>
      )}
    </div>
  )
}

interface ExtensionTableProps {
  readonly extensions: readonly ExtensionDescription[]
  readonly empty?: string
  /** How the template treats an extension of a CSR; absent for a certificate's extensions. */
  readonly outcome?: (extension: ExtensionDescription) => string
}

export function ExtensionTable(props: ExtensionTableProps): ReactNode {
  const { extensions, empty = 'The certificate has no extensions.', outcome } = props
  return (
    <Table
      variant="embedded"
      wrapLines
      header={
        <Header variant="h3" counter={`(${extensions.length})`}>
          Extensions
        </Header>
      }
      ariaLabels={{ tableLabel: 'Extensions' }}
      items={[...extensions]}
      empty={empty}
      columnDefinitions={[
        {
          id: 'name',
          header: 'Extension',
          isRowHeader: true,
          minWidth: 180,
          cell: ({ name, oid }) => (
            <>
              <ForeignText text={name} />
              <Box variant="small" display="block">
                {extensionPurpose(oid)}
              </Box>
            </>
          ),
        },
        ...(outcome === undefined
          ? []
          : [{ id: 'outcome', header: 'In the certificate', minWidth: 150, cell: outcome }]),
        { id: 'critical', header: 'Critical', cell: ({ critical }) => (critical ? 'Yes' : 'No') },
        {
          id: 'value',
          header: 'Value',
          minWidth: 220,
          cell: ({ values, problem }) => (
            <>
              {problem !== undefined && (
                <StatusIndicator type="warning">Malformed: {problem}</StatusIndicator>
              )}
              <ForeignText text={shorten(values.join(', '))} />
            </>
          ),
        },
      ]}
    />
  )
}

const shownMax = 600

function shorten(text: string): string {
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}… (${text.length} characters)`
}

function useFingerprint(der: Uint8Array<ArrayBuffer>): string {
  const [text, setText] = useState('…')
  useEffect(() => {
    let isCurrent = true
    const compute = async (): Promise<void> => {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', der))
      const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0'))
      if (isCurrent) setText(hex.join(':').toUpperCase())
    }
    compute().catch(() => setText('not available'))
    return () => {
      isCurrent = false
    }
  }, [der])
  return text
}

/** The CA certificates above a certificate, from its issuer to the root. */
export function ChainList({
  chain,
}: {
  readonly chain: readonly CertificateDescription[]
}): ReactNode {
  return (
    <Container header={<Header variant="h2">Certificate chain</Header>}>
      {chain.length === 0 ? (
        <Box color="text-body-secondary">The certificate is self-signed and has no chain.</Box>
      ) : (
        <SpaceBetween size="s">
          {chain.map((certificate, index) => (
            <ExpandableSection
              // oxlint-disable-next-line react/no-array-index-key -- a certificate's chain never changes
              key={index}
              headerText={`${index + 1}. ${visibleText(certificate.subject || '(empty subject)')}`}
            >
              <CertificateDetails certificate={certificate} />
            </ExpandableSection>
          ))}
        </SpaceBetween>
      )}
    </Container>
  )
}
